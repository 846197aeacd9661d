#include "epalm/world/labels.h"

#include "epalm/world/item_labels.h"

namespace epalm::world {
namespace {

ItemTasks<Object> make_tasks() {
  const auto colour = attribute_aspect("colour", &Object::colour, kColourCount);
  const auto shape = attribute_aspect("shape", &Object::shape, kShapeCount);
  const auto size = attribute_aspect("size", &Object::size, kSizeCount);
  const auto place = attribute_aspect("place", &Object::place, kPlaceCount);
  ItemTasks<Object> tasks;
  tasks.add_keyed("place", &Object::place, kPlaceCount, {colour, shape, size}, Repeats::kNever);
  tasks.add_keyed("colour", &Object::colour, kColourCount, {shape, untold(size), place});
  tasks.add_keyed("shape", &Object::shape, kShapeCount, {colour, size, place});
  tasks.add_count();
  tasks.add_counts("colour", &Object::colour, kColourCount);
  tasks.add_counts("shape", &Object::shape, kShapeCount, InWords::kNo);
  tasks.add_count_of("count big", &Object::size, kBig, InWords::kNo);
  return tasks;
}

const ItemTasks<Object>& tasks() {
  static const ItemTasks<Object> kTasks = make_tasks();
  return kTasks;
}

}  // namespace

const std::vector<LabelHead>& label_heads() {
  static const std::vector<LabelHead> kHeads = tasks().heads();
  return kHeads;
}

std::vector<int64_t> labels(const Scene& scene) {
  return tasks().labels(scene.objects);
}

}  // namespace epalm::world
