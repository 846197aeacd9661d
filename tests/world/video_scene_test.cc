#include "epalm/world/video_scene.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>
#include <tuple>

namespace epalm::world {
namespace {

TEST(HeldOutEvent, TakesOneColourForEachShapeAndActionAndLeavesEveryPairOfTwo) {
  std::map<std::pair<int, int>, int> shape_action;
  std::map<std::pair<int, int>, int> colour_shape;
  std::map<std::pair<int, int>, int> colour_action;
  for (int colour = 0; colour < kColourCount; ++colour) {
    for (int shape = 0; shape < kShapeCount; ++shape) {
      for (int action = 0; action < kActionCount; ++action) {
        Event event;
        event.colour = colour;
        event.shape = shape;
        event.action = action;
        if (!is_held_out(event)) continue;
        ++shape_action[{shape, action}];
        ++colour_shape[{colour, shape}];
        ++colour_action[{colour, action}];
      }
    }
  }
  EXPECT_EQ(shape_action.size(), 36U);
  for (const auto& pairs : {shape_action, colour_shape, colour_action}) {
    for (const auto& [pair, count] : pairs) EXPECT_EQ(count, 1);
  }
}

class VideoSceneOfSplit : public testing::TestWithParam<Split> {};

TEST_P(VideoSceneOfSplit, ShowsHeldOutCombinationsInTheTestSplitOnlyAndAlwaysThere) {
  PythonRandom random(1);
  for (int i = 0; i < 5000; ++i) {
    EXPECT_EQ(has_held_out(random_video_scene(random, GetParam())), GetParam() == Split::kTest);
  }
}

TEST_P(VideoSceneOfSplit, KeepsEveryShapeInThePictureOnItsWholeWay) {
  PythonRandom random(2);
  for (int i = 0; i < 3000; ++i) {
    const VideoScene scene = random_video_scene(random, GetParam());
    ASSERT_GE(scene.events.size(), 1U);
    ASSERT_LE(scene.events.size(), static_cast<size_t>(kMaxItems));
    for (const Event& event : scene.events) {
      for (const Object& object : {event.from, event.to}) {
        const int reach = object.radius_permille * 11 / 10;
        for (const int centre : {object.x_permille, object.y_permille}) {
          EXPECT_GE(centre - reach, 0);
          EXPECT_LE(centre + reach, 1000);
        }
        EXPECT_EQ(object.colour, event.colour);
        EXPECT_EQ(object.shape, event.shape);
        EXPECT_GE(object.radius_permille, 75) << "at least 3.6 pixels of 48";
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Splits, VideoSceneOfSplit, testing::Values(Split::kTrain, Split::kVal, Split::kTest));

TEST(RandomVideoScene, MovesAndResizesAsTheActionSays) {
  PythonRandom random(3);
  for (int i = 0; i < 3000; ++i) {
    for (const Event& event : random_video_scene(random, Split::kTrain).events) {
      const int right = event.to.x_permille - event.from.x_permille;
      const int down = event.to.y_permille - event.from.y_permille;
      const double growth = event.to.radius_permille / double(event.from.radius_permille);
      EXPECT_EQ(right < -400, event.action == kMoveLeft);
      EXPECT_EQ(right > 400, event.action == kMoveRight);
      EXPECT_EQ(down < -400, event.action == kMoveUp);
      EXPECT_EQ(down > 400, event.action == kMoveDown);
      EXPECT_EQ(growth > 2.5, event.action == kGrow);
      EXPECT_EQ(growth < 0.4, event.action == kShrink);
      EXPECT_TRUE(right == 0 || down == 0);
      EXPECT_TRUE((right == 0 && down == 0) || growth == 1.0);
    }
  }
}

TEST(RandomVideoScene, ShowsEveryAllowedCombinationAboutEquallyOften) {
  PythonRandom random(4);
  std::map<std::tuple<int, int, int>, int> combinations;
  int events = 0;
  for (int i = 0; i < 80'000; ++i) {
    for (const Event& event : random_video_scene(random, Split::kTrain).events) {
      ++combinations[{event.colour, event.shape, event.action}];
      ++events;
    }
  }
  EXPECT_EQ(combinations.size(), 252U);
  // 1/252 each, about 600 events: five deviations are 0.2; rejecting scenes moves the shares a little more.
  for (const auto& [combination, count] : combinations) EXPECT_NEAR(count * 252.0 / events, 1.0, 0.3);
}

TEST(RandomVideoScene, RepeatsAValueInAMinorityOfScenes) {
  PythonRandom random(5);
  int several = 0;
  int repeating = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::vector<Event> events = random_video_scene(random, Split::kTrain).events;
    if (events.size() < 2) continue;
    ++several;
    bool repeats = false;
    for (const auto attribute : {&Event::colour, &Event::shape, &Event::action}) {
      repeats = repeats || unique_positions(events, attribute).size() < events.size();
    }
    repeating += repeats ? 1 : 0;
  }
  // A quarter is drawn, of which held-out combinations may reject a few more or less (below 0.03); 5 deviations.
  EXPECT_NEAR(repeating / double(several), 0.25, 0.03 + 5 * std::sqrt(0.25 * 0.75 / several));
}

}  // namespace
}  // namespace epalm::world
