#include "epalm/world/video_labels.h"

#include "epalm/world/item_labels.h"

namespace epalm::world {
namespace {

// Where in a third of its range something lies: 0 below `low`, 2 above `high`, else 1.
Aspect<Event> third_aspect(const std::string& name, Object Event::*state, int Object::*part, int low, int high) {
  return untold<Event>({name, 3, [=](const std::vector<Event>& events, size_t position) {
                          const int value = events[position].*state.*part;
                          return value < low ? 0 : value > high ? 2 : 1;
                        }});
}

// What an action is made of: place and size of the shape at its start and at its end.
std::vector<Aspect<Event>> path_aspects() {
  std::vector<Aspect<Event>> aspects;
  for (const auto& [name, state] : {std::pair{"start", &Event::from}, {"end", &Event::to}}) {
    const std::string when = name;
    aspects.push_back(third_aspect(when + " across", state, &Object::x_permille, 300, 700));
    aspects.push_back(third_aspect(when + " down", state, &Object::y_permille, 300, 700));
    aspects.push_back(third_aspect(when + " size", state, &Object::radius_permille, 125, 230));
  }
  return aspects;
}

ItemTasks<Event> make_tasks() {
  const auto colour = attribute_aspect("colour", &Event::colour, kColourCount);
  const auto shape = attribute_aspect("shape", &Event::shape, kShapeCount);
  const auto action = attribute_aspect("action", &Event::action, kActionCount);
  const auto order = order_aspect<Event>();
  const auto after = neighbour_aspect("after", &Event::shape, kShapeCount, 1);
  const auto before = neighbour_aspect("before", &Event::shape, kShapeCount, -1);
  ItemTasks<Event> tasks;
  tasks.add_slots({colour, shape, action});
  tasks.add_slots(path_aspects());
  tasks.add_keyed("colour", &Event::colour, kColourCount, {shape, action, untold(order)});
  tasks.add_keyed("shape", &Event::shape, kShapeCount, {colour, action, order, after, before});
  tasks.add_keyed("action", &Event::action, kActionCount, {untold(colour), shape, untold(order)});
  tasks.add_count();
  tasks.add_counts("colour", &Event::colour, kColourCount);
  tasks.add_counts("shape", &Event::shape, kShapeCount, InWords::kNo);
  tasks.add_counts("action", &Event::action, kActionCount, InWords::kNo);
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
