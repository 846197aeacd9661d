#include "epalm/train/strange_objects.h"

#include "epalm/world/draws.h"

namespace epalm::train {
namespace {

constexpr int kLargestTint = 80;

// Over each object the same once more with another outline, turned further than any object is.
std::vector<world::Object> outlines_over(const std::vector<world::Object>& objects, PythonRandom& random) {
  std::vector<world::Object> result;
  for (const world::Object& object : objects) {
    world::Object other = object;
    other.shape = (object.shape + 1 + world::draw(random, world::kShapeCount - 1)) % world::kShapeCount;
    other.angle_deg += world::between(random, 20, 70);
    other.radius_permille = other.radius_permille * world::between(random, 85, 100) / 100;
    result.push_back(object);
    result.push_back(other);
  }
  return result;
}

}  // namespace

Strange make_strange(world::Scene& scene, PythonRandom& random) {
  const int drawn = world::draw(random, 10);
  if (drawn < 3) {
    for (world::Object& object : scene.objects) {
      for (int& channel : object.tint) channel = world::between(random, -kLargestTint, kLargestTint);
    }
    return Strange::kColours;
  }
  if (drawn >= 5) return Strange::kNothing;
  scene.objects = outlines_over(scene.objects, random);
  return Strange::kShapes;
}

}  // namespace epalm::train
