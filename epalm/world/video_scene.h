#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "epalm/base/python_random.h"
#include "epalm/world/scene.h"

namespace epalm::world {

inline constexpr std::array<std::string_view, 6> kActions = {"moves left", "moves right", "moves up",
                                                             "moves down", "grows",       "shrinks"};
inline constexpr int kActionCount = static_cast<int>(kActions.size());
inline constexpr int kMoveLeft = 0;
inline constexpr int kMoveRight = 1;
inline constexpr int kMoveUp = 2;
inline constexpr int kMoveDown = 3;
inline constexpr int kGrow = 4;
inline constexpr int kShrink = 5;

// One thing happening: the shape goes straight from its first to its last state, alone in the picture.
struct Event {
  int colour = 0;  // index into kColours
  int shape = 0;   // index into kShapes
  int action = 0;  // index into kActions
  Object from;     // place and size are not used
  Object to;
};

// Events in their order; each takes an equal share of the clip.
struct VideoScene {
  std::vector<Event> events;  // 1..kMaxItems
  Background background;      // stands still but for its noise
};

inline const std::vector<Event>& items(const VideoScene& scene) {
  return scene.events;
}

// The 36 of 288 combinations of colour, shape and action that no train or val scene shows; at most one for each pair
// of two, so only together are they new.
bool is_held_out(const Event& event);
bool has_held_out(const VideoScene& scene);

// As random_scene: train and val scenes have no held-out combination, test scenes at least one. One event in 30 %, two
// in 40 %, three in 30 %; a quarter of the scenes with several events repeat a colour, a shape or an action, all others
// have distinct ones.
VideoScene random_video_scene(PythonRandom& random, Split split);

}  // namespace epalm::world
