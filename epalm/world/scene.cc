#include "epalm/world/scene.h"

#include <algorithm>

#include "epalm/world/draws.h"

namespace epalm::world {
namespace {

// Colours and shapes of a scene, without regard to the split.
std::vector<Object> draw_pairs(PythonRandom& random) {
  const int count = draw_count(random);
  const bool repeat = count > 1 && chance(random, 25);
  const int repeated = repeat ? between(random, 1, 3) : 0;  // bit 0: colours, bit 1: shapes
  const std::vector<int> colours = draw_values(random, count, kColourCount, (repeated & 1) != 0);
  const std::vector<int> shapes = draw_values(random, count, kShapeCount, (repeated & 2) != 0);
  std::vector<Object> objects(static_cast<size_t>(count));
  for (size_t i = 0; i < objects.size(); ++i) {
    objects[i].colour = colours[i];
    objects[i].shape = shapes[i];
  }
  return objects;
}

// The extent of every shape stays within 1.1 radii, so an object never leaves its quarter of the image.
void put_in_place(PythonRandom& random, Object& object) {
  object.size = draw(random, kSizeCount);
  const bool big = object.size == kBig;
  const int shift = big ? 28 : 65;
  object.radius_permille = big ? between(random, 168, 196) : between(random, 92, 112);
  object.x_permille = (is_left(object.place) ? 250 : 750) + between(random, -shift, shift);
  object.y_permille = (is_top(object.place) ? 250 : 750) + between(random, -shift, shift);
  object.angle_deg = between(random, -12, 12);
  const int light = between(random, -10, 10);
  for (int& channel : object.tint) channel = light + between(random, -6, 6);
}

}  // namespace

bool is_held_out(const Object& object) {
  return object.colour == (3 * object.shape + 2 * object.place) % kColourCount;
}

bool has_held_out(const Scene& scene) {
  return std::any_of(scene.objects.begin(), scene.objects.end(), is_held_out);
}

Scene random_scene(PythonRandom& random, Split split) {
  Scene scene;
  // Drawing again keeps every allowed combination equally likely; about one draw in five has a held-out one.
  do {
    scene.objects = draw_pairs(random);
    const auto places = random.sample_indices(kPlaceCount, static_cast<int64_t>(scene.objects.size()));
    for (size_t i = 0; i < scene.objects.size(); ++i) scene.objects[i].place = static_cast<int>(places[i]);
  } while (has_held_out(scene) != (split == Split::kTest));
  for (Object& object : scene.objects) put_in_place(random, object);
  scene.background = draw_background(random);
  return scene;
}

}  // namespace epalm::world
