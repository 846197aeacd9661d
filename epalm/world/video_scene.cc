#include "epalm/world/video_scene.h"

#include <algorithm>

#include "epalm/world/draws.h"

namespace epalm::world {
namespace {

std::vector<Event> draw_events(PythonRandom& random) {
  const int count = draw_count(random);
  const bool repeat = count > 1 && chance(random, 25);
  const int repeated = repeat ? between(random, 1, 7) : 0;  // bit 0: colours, bit 1: shapes, bit 2: actions
  const std::vector<int> colours = draw_values(random, count, kColourCount, (repeated & 1) != 0);
  const std::vector<int> shapes = draw_values(random, count, kShapeCount, (repeated & 2) != 0);
  const std::vector<int> actions = draw_values(random, count, kActionCount, (repeated & 4) != 0);
  std::vector<Event> events(static_cast<size_t>(count));
  for (size_t i = 0; i < events.size(); ++i) {
    events[i].colour = colours[i];
    events[i].shape = shapes[i];
    events[i].action = actions[i];
  }
  return events;
}

// Nothing reaches further than 1.1 radii from its centre, so no shape leaves the picture.
void draw_path(PythonRandom& random, Event& event) {
  Object shape;
  shape.colour = event.colour;
  shape.shape = event.shape;
  shape.size = kBig;
  shape.angle_deg = between(random, -12, 12);
  const int light = between(random, -10, 10);
  for (int& channel : shape.tint) channel = light + between(random, -6, 6);

  if (event.action == kGrow || event.action == kShrink) {
    shape.x_permille = between(random, 380, 620);
    shape.y_permille = between(random, 380, 620);
    event.from = event.to = shape;
    event.from.radius_permille = between(random, 75, 95);
    event.to.radius_permille = between(random, 270, 310);
    if (event.action == kShrink) std::swap(event.from, event.to);
    return;
  }
  shape.radius_permille = between(random, 150, 190);
  const int across = between(random, 300, 700);
  const int low = between(random, 220, 260);
  const int high = between(random, 740, 780);
  const bool level = event.action == kMoveLeft || event.action == kMoveRight;
  int Object::*const along = level ? &Object::x_permille : &Object::y_permille;
  shape.*(level ? &Object::y_permille : &Object::x_permille) = across;
  event.from = event.to = shape;
  const bool falling = event.action == kMoveLeft || event.action == kMoveUp;
  event.from.*along = falling ? high : low;
  event.to.*along = falling ? low : high;
}

}  // namespace

bool is_held_out(const Event& event) {
  return event.colour == (3 * event.shape + 5 * event.action) % kColourCount;
}

bool has_held_out(const VideoScene& scene) {
  return std::any_of(scene.events.begin(), scene.events.end(), [](const Event& event) { return is_held_out(event); });
}

VideoScene random_video_scene(PythonRandom& random, Split split) {
  VideoScene scene;
  do {
    scene.events = draw_events(random);
  } while (has_held_out(scene) != (split == Split::kTest));
  for (Event& event : scene.events) draw_path(random, event);
  scene.background = draw_background(random);
  // A codec spends most of its bits on noise that changes from frame to frame.
  scene.background.noise = between(random, 0, 4);
  return scene;
}

}  // namespace epalm::world
