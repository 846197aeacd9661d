#include "epalm/world/scene.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>
#include <tuple>

namespace epalm::world {
namespace {

// Five standard deviations of a binomial share: a right generator fails one such check in about two million.
double share_tolerance(double share, int trials) {
  return 5.0 * std::sqrt(share * (1.0 - share) / trials);
}

TEST(HeldOut, TakesOneColourForEachShapeAndPlaceAndLeavesEveryPairOfTwo) {
  std::map<std::pair<int, int>, int> shape_place;
  std::map<std::pair<int, int>, int> colour_shape;
  std::map<std::pair<int, int>, int> colour_place;
  for (int colour = 0; colour < kColourCount; ++colour) {
    for (int shape = 0; shape < kShapeCount; ++shape) {
      for (int place = 0; place < kPlaceCount; ++place) {
        Object object;
        object.colour = colour;
        object.shape = shape;
        object.place = place;
        if (!is_held_out(object)) continue;
        ++shape_place[{shape, place}];
        ++colour_shape[{colour, shape}];
        ++colour_place[{colour, place}];
      }
    }
  }
  EXPECT_EQ(shape_place.size(), 24U);
  for (const auto& [pair, colours] : shape_place) EXPECT_EQ(colours, 1);
  for (const auto& [pair, places] : colour_shape) EXPECT_LT(places, kPlaceCount);
  for (const auto& [pair, shapes] : colour_place) EXPECT_LT(shapes, kShapeCount);
}

class SceneOfSplit : public testing::TestWithParam<Split> {};

TEST_P(SceneOfSplit, ShowsHeldOutCombinationsInTheTestSplitOnlyAndAlwaysThere) {
  PythonRandom random(1);
  for (int i = 0; i < 5000; ++i) EXPECT_EQ(has_held_out(random_scene(random, GetParam())), GetParam() == Split::kTest);
}

TEST_P(SceneOfSplit, KeepsObjectsApartInTheirQuarters) {
  PythonRandom random(2);
  for (int i = 0; i < 2000; ++i) {
    const Scene scene = random_scene(random, GetParam());
    ASSERT_GE(scene.objects.size(), 1U);
    ASSERT_LE(scene.objects.size(), static_cast<size_t>(kMaxItems));
    std::set<int> places;
    for (const Object& object : scene.objects) {
      places.insert(object.place);
      const int reach = object.radius_permille * 11 / 10;
      const int x = object.x_permille - (is_left(object.place) ? 0 : 500);
      const int y = object.y_permille - (is_top(object.place) ? 0 : 500);
      EXPECT_GE(x - reach, 0);
      EXPECT_LE(x + reach, 500);
      EXPECT_GE(y - reach, 0);
      EXPECT_LE(y + reach, 500);
    }
    EXPECT_EQ(places.size(), scene.objects.size());
  }
}

INSTANTIATE_TEST_SUITE_P(Splits, SceneOfSplit, testing::Values(Split::kTrain, Split::kVal, Split::kTest));

TEST(RandomScene, DrawsCountsSizesAndPlacesInTheStatedShares) {
  PythonRandom random(3);
  constexpr int kScenes = 20'000;
  std::map<size_t, int> counts;
  int objects = 0;
  int big = 0;
  std::map<int, int> places;
  for (int i = 0; i < kScenes; ++i) {
    const Scene scene = random_scene(random, Split::kTrain);
    ++counts[scene.objects.size()];
    for (const Object& object : scene.objects) {
      ++objects;
      big += object.size == kBig ? 1 : 0;
      ++places[object.place];
    }
  }
  // Scenes with a held-out combination (1/8 for each object) are drawn again, so n objects keep a share ~ w_n (7/8)^n;
  // repeats move that by less than 0.01.
  const double weights[] = {0.3 * 0.875, 0.4 * 0.765625, 0.3 * 0.669921875};
  const double sum = weights[0] + weights[1] + weights[2];
  for (size_t n = 1; n <= 3; ++n) {
    const double share = weights[n - 1] / sum;
    EXPECT_NEAR(counts[n] / double{kScenes}, share, 0.01 + share_tolerance(share, kScenes)) << n << " objects";
  }
  EXPECT_NEAR(big / double(objects), 0.5, share_tolerance(0.5, objects));
  for (const auto& [place, count] : places) EXPECT_NEAR(count / double(objects), 0.25, share_tolerance(0.25, objects));
}

TEST(RandomScene, ShowsEveryAllowedCombinationAboutEquallyOften) {
  PythonRandom random(4);
  std::map<std::tuple<int, int, int>, int> combinations;
  int objects = 0;
  for (int i = 0; i < 80'000; ++i) {
    for (const Object& object : random_scene(random, Split::kTrain).objects) {
      ++combinations[{object.colour, object.shape, object.place}];
      ++objects;
    }
  }
  EXPECT_EQ(combinations.size(), 168U);
  // 1/168 each, about 900 objects: five deviations are 0.17; rejecting scenes moves the shares a little more.
  for (const auto& [combination, count] : combinations) EXPECT_NEAR(count * 168.0 / objects, 1.0, 0.25);
}

TEST(RandomScene, RepeatsAColourOrShapeInAMinorityOfScenes) {
  PythonRandom random(5);
  int several = 0;
  int repeating = 0;
  for (int i = 0; i < 10'000; ++i) {
    const Scene scene = random_scene(random, Split::kTrain);
    if (scene.objects.size() < 2) continue;
    ++several;
    bool repeats = false;
    for (const Object& o : scene.objects) {
      repeats = repeats || count_value(scene.objects, &Object::colour, o.colour) > 1 ||
                count_value(scene.objects, &Object::shape, o.shape) > 1;
    }
    repeating += repeats ? 1 : 0;
  }
  // A quarter is drawn; a repeated pair is rejected a little less often than two different ones (below 0.03).
  EXPECT_NEAR(repeating / double(several), 0.25, 0.03 + share_tolerance(0.25, several));
}

TEST(RandomScene, RepeatsItselfForTheSameSeed) {
  PythonRandom first(6);
  PythonRandom second(6);
  for (int i = 0; i < 100; ++i) {
    const Scene a = random_scene(first, Split::kTest);
    const Scene b = random_scene(second, Split::kTest);
    ASSERT_EQ(a.objects.size(), b.objects.size());
    EXPECT_EQ(a.objects[0].x_permille, b.objects[0].x_permille);
    EXPECT_EQ(a.background.rgb, b.background.rgb);
  }
  EXPECT_EQ(first.state(), second.state());
}

}  // namespace
}  // namespace epalm::world
