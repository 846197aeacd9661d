#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "epalm/base/python_random.h"
#include "epalm/world/items.h"

namespace epalm::world {

// The vocabulary of the tiny world; every attribute of an object is an index into one of these tables.
inline constexpr std::array<std::string_view, 8> kColours = {"red",    "green",  "blue",  "yellow",
                                                             "purple", "orange", "white", "gray"};
inline constexpr std::array<std::string_view, 6> kShapes = {"circle", "square", "triangle", "star", "cross", "diamond"};
inline constexpr std::array<std::string_view, 2> kSizes = {"small", "big"};
inline constexpr std::array<std::string_view, 4> kPlaces = {"top left", "top right", "bottom left", "bottom right"};

inline constexpr int kColourCount = static_cast<int>(kColours.size());
inline constexpr int kShapeCount = static_cast<int>(kShapes.size());
inline constexpr int kSizeCount = static_cast<int>(kSizes.size());
inline constexpr int kPlaceCount = static_cast<int>(kPlaces.size());
inline constexpr int kBig = 1;

// Geometry is in whole thousandths of the image side and whole degrees, so that no rounding differs between machines.
struct Object {
  int colour = 0;  // index into kColours
  int shape = 0;   // index into kShapes
  int size = 0;    // index into kSizes
  int place = 0;   // index into kPlaces; no two objects of a scene share one
  int x_permille = 0;
  int y_permille = 0;
  int radius_permille = 0;
  int angle_deg = 0;
  std::array<int, 3> tint{};  // added to the red, green and blue of the colour, 0..255 scale
};

// A dark or middle tone with a linear gradient, blurred blotches and pixel noise; 0..255 scale.
struct Background {
  std::array<int, 3> rgb{};
  int slope_x = 0;   // change of brightness from the left to the right edge
  int slope_y = 0;   // change of brightness from the top to the bottom edge
  int blotches = 0;  // largest deviation of the blotches
  int noise = 0;     // largest deviation of a pixel, objects included
};

struct Scene {
  std::vector<Object> objects;  // 1..kMaxItems
  Background background;
};

inline const std::vector<Object>& items(const Scene& scene) {
  return scene.objects;
}

enum class Split { kTrain, kVal, kTest };

inline bool is_top(int place) {
  return place < 2;
}
inline bool is_left(int place) {
  return place % 2 == 0;
}

// The 24 of 192 combinations of colour, shape and place that no train or val scene shows. Each pair of two of the three
// is shown: only together are they new.
bool is_held_out(const Object& object);
bool has_held_out(const Scene& scene);

// Train and val scenes have no held-out combination, test scenes at least one. One object in 30 %, two in 40 %, three
// in 30 %; a quarter of the scenes with several objects repeat a colour or a shape, all others have distinct colours
// and shapes.
Scene random_scene(PythonRandom& random, Split split);

}  // namespace epalm::world
