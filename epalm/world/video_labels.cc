#include "epalm/world/video_labels.h"

#include "epalm/world/item_labels.h"

namespace epalm::world {
namespace {

ItemTasks<Event> make_tasks() {
  const auto colour = attribute_aspect("colour", &Event::colour, kColourCount);
  const auto shape = attribute_aspect("shape", &Event::shape, kShapeCount);
  const auto action = attribute_aspect("action", &Event::action, kActionCount);
  const auto order = order_aspect<Event>();
  const auto after = neighbour_aspect("after", &Event::shape, kShapeCount, 1);
  const auto before = neighbour_aspect("before", &Event::shape, kShapeCount, -1);
  ItemTasks<Event> tasks;
  tasks.add_slots({colour, shape, action});
  tasks.add_keyed("colour", &Event::colour, kColourCount, {shape, action, order});
  tasks.add_keyed("shape", &Event::shape, kShapeCount, {colour, action, order, after, before});
  tasks.add_keyed("action", &Event::action, kActionCount, {colour, shape, order});
  tasks.add_count();
  tasks.add_counts("colour", &Event::colour, kColourCount);
  tasks.add_counts("shape", &Event::shape, kShapeCount);
  tasks.add_counts("action", &Event::action, kActionCount);
  return tasks;
}

const ItemTasks<Event>& tasks() {
  static const ItemTasks<Event> kTasks = make_tasks();
  return kTasks;
}

}  // namespace

const std::vector<LabelHead>& video_label_heads() {
  static const std::vector<LabelHead> kHeads = tasks().heads();
  return kHeads;
}

std::vector<int64_t> labels(const VideoScene& scene) {
  return tasks().labels(scene.events);
}

}  // namespace epalm::world
