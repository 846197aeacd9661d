#include "epalm/world/video_render.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "epalm/base/error.h"
#include "tests/world/fnv1a.h"

namespace epalm::world {
namespace {

Event event_of(int colour, int shape, const std::array<int, 3>& from, const std::array<int, 3>& to) {
  Event event;
  event.colour = event.from.colour = colour;
  event.shape = event.from.shape = shape;
  event.from.angle_deg = 7;
  event.to = event.from;
  for (const auto& [state, values] : {std::pair{&event.from, from}, std::pair{&event.to, to}}) {
    state->x_permille = values[0];
    state->y_permille = values[1];
    state->radius_permille = values[2];
  }
  return event;
}

// A star that moves right, then a circle that grows, then a cross that moves up.
VideoScene scene_by_hand() {
  VideoScene scene;
  scene.events = {event_of(0, 3, {250, 400, 170}, {750, 400, 170}), event_of(6, 0, {500, 500, 80}, {500, 500, 300}),
                  event_of(3, 4, {500, 760, 180}, {500, 230, 180})};
  scene.background = {{30, 50, 40}, 20, -11, 9, 3};
  return scene;
}

TEST(ObjectAt, GoesFromTheFirstToTheLastStateInEqualSteps) {
  const VideoScene scene = scene_by_hand();
  // 16 frames: 6 for the first event, 5 for each of the others.
  for (int frame = 0; frame < 6; ++frame) EXPECT_EQ(object_at(scene, frame, 16).x_permille, 250 + 100 * frame);
  EXPECT_EQ(object_at(scene, 5, 16).shape, 3);
  EXPECT_EQ(object_at(scene, 6, 16).shape, 0);
  for (int step = 0; step < 5; ++step) EXPECT_EQ(object_at(scene, 6 + step, 16).radius_permille, 80 + 55 * step);
  EXPECT_EQ(object_at(scene, 11, 16).y_permille, 760);
  EXPECT_EQ(object_at(scene, 15, 16).y_permille, 230);
  // The shortest clip has a first and a last state for each.
  EXPECT_EQ(object_at(scene, 2, 6).radius_permille, 80);
  EXPECT_EQ(object_at(scene, 3, 6).radius_permille, 300);
}

TEST(RenderVideo, GivesTheSameBytesOnEveryMachine) {
  PythonRandom noise(12);
  uint64_t hash = fnv1a(std::string());
  for (const media::Image& frame : render(scene_by_hand(), {49, 13}, noise)) hash = fnv1a(frame.rgb, hash);
  EXPECT_EQ(hash, 16868797970658596052U);
}

TEST(RenderVideo, GivesChosenFramesAsInTheWholeClip) {
  PythonRandom random(1);
  for (int i = 0; i < 10; ++i) {
    const VideoScene scene = random_video_scene(random, Split::kTrain);
    PythonRandom for_all(static_cast<uint64_t>(i));
    PythonRandom for_some(static_cast<uint64_t>(i));
    const std::vector<media::Image> clip = render(scene, {}, for_all);
    ASSERT_EQ(clip.size(), 16U);
    const std::array<int, 5> chosen = {15, 0, 7, 7, 3};
    const std::vector<media::Image> frames = render(scene, {}, chosen, for_some);
    ASSERT_EQ(frames.size(), chosen.size());
    for (size_t f = 0; f < chosen.size(); ++f) EXPECT_EQ(frames[f], clip[static_cast<size_t>(chosen[f])]);
    EXPECT_EQ(for_all.state(), for_some.state());
    EXPECT_TRUE(render(scene, {}, std::span<const int>(), for_some).empty());
  }
}

// Where the bright pixels lie, and how many there are.
struct Blob {
  double x = 0;
  double y = 0;
  double area = 0;
};

Blob find_blob(const media::Image& image) {
  Blob blob;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      const uint8_t* pixel = image.row(y) + 3 * x;
      const double light = std::max({pixel[0], pixel[1], pixel[2]}) / 245.0;  // the edge counts in part
      blob.x += light * x;
      blob.y += light * y;
      blob.area += light;
    }
  }
  blob.x /= blob.area;
  blob.y /= blob.area;
  return blob;
}

TEST(RenderVideo, ShowsEveryEventMovingSmoothly) {
  PythonRandom random(2);
  for (int i = 0; i < 60; ++i) {
    VideoScene scene = random_video_scene(random, Split::kTest);
    scene.background = {};
    const std::vector<media::Image> clip = render(scene, {}, random);
    const auto events = static_cast<int>(scene.events.size());
    for (int e = 0; e < events; ++e) {
      std::vector<Blob> way;
      for (int frame = 0; frame < 16; ++frame) {
        if (frame * events / 16 == e) way.push_back(find_blob(clip[static_cast<size_t>(frame)]));
      }
      ASSERT_GE(way.size(), 5U);
      const int action = scene.events[static_cast<size_t>(e)].action;
      for (size_t f = 1; f < way.size(); ++f) {
        const auto steps = static_cast<double>(way.size() - 1);
        const double right = way[f].x - way[f - 1].x;
        const double down = way[f].y - way[f - 1].y;
        const double growth = std::sqrt(way[f].area) - std::sqrt(way[f - 1].area);
        // Steps of a way of 480 to 560 thousandths of 48 pixels, each off by less than a thousandth and a quarter of a
        // pixel (samples).
        const double step = action == kMoveLeft || action == kMoveUp ? -25.0 / steps : 25.0 / steps;
        EXPECT_NEAR(right, action == kMoveLeft || action == kMoveRight ? step : 0.0, 2.1 / steps + 0.3);
        EXPECT_NEAR(down, action == kMoveUp || action == kMoveDown ? step : 0.0, 2.1 / steps + 0.3);
        if (action == kGrow) {
          EXPECT_GT(growth, 0.5);
        } else if (action == kShrink) {
          EXPECT_LT(growth, -0.5);
        } else {
          EXPECT_LT(std::abs(growth), 0.3);
        }
      }
    }
  }
}

TEST(RenderVideo, RejectsSizesAndFramesOutOfRange) {
  const VideoScene scene = scene_by_hand();
  PythonRandom noise(1);
  EXPECT_THROW(render(scene, {8, 16}, noise), Error);
  EXPECT_THROW(render(scene, {48, 5}, noise), Error);
  EXPECT_THROW(render(scene, {48, -1}, noise), Error);
  EXPECT_THROW(render(scene, {48, 2000}, noise), Error);
  EXPECT_THROW(render(scene, {48, 16}, std::array{16}, noise), Error);
  EXPECT_THROW(render(scene, {48, 16}, std::array{-1}, noise), Error);
}

}  // namespace
}  // namespace epalm::world
