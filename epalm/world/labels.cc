#include "epalm/world/labels.h"

#include <fmt/format.h>

#include <functional>

namespace epalm::world {
namespace {

using Test = std::function<bool(const Object&)>;
using Attribute = int Object::*;

// 0 without an object that passes, 1 + its value for one, `values` + 1 for several.
int64_t value_of(const Scene& scene, const Test& test, Attribute attribute, int values) {
  int64_t label = 0;
  for (const Object& object : scene.objects) {
    if (!test(object)) continue;
    label = label == 0 ? 1 + object.*attribute : values + 1;
  }
  return label;
}

struct Task {
  LabelHead head;
  std::function<int64_t(const Scene&)> label;
};

std::vector<Task> make_tasks() {
  std::vector<Task> tasks;
  const auto add_value = [&](Attribute key, int key_value, const std::string& key_name, Attribute attribute, int values,
                             const std::string& name, bool several) {
    const auto test = [key, key_value](const Object& o) { return o.*key == key_value; };
    tasks.push_back({{fmt::format("{} {} {}", key_name, key_value, name), values + 1 + (several ? 1 : 0)},
                     [=](const Scene& scene) { return value_of(scene, test, attribute, values); }});
  };
  for (int place = 0; place < kPlaceCount; ++place) {
    add_value(&Object::place, place, "place", &Object::colour, kColourCount, "colour", false);
    add_value(&Object::place, place, "place", &Object::shape, kShapeCount, "shape", false);
    add_value(&Object::place, place, "place", &Object::size, kSizeCount, "size", false);
  }
  for (int colour = 0; colour < kColourCount; ++colour) {
    add_value(&Object::colour, colour, "colour", &Object::shape, kShapeCount, "shape", true);
    add_value(&Object::colour, colour, "colour", &Object::size, kSizeCount, "size", true);
    add_value(&Object::colour, colour, "colour", &Object::place, kPlaceCount, "place", true);
  }
  for (int shape = 0; shape < kShapeCount; ++shape) {
    add_value(&Object::shape, shape, "shape", &Object::colour, kColourCount, "colour", true);
    add_value(&Object::shape, shape, "shape", &Object::size, kSizeCount, "size", true);
    add_value(&Object::shape, shape, "shape", &Object::place, kPlaceCount, "place", true);
  }
  const auto add_count = [&](const std::string& name, const std::function<int(const Scene&)>& count) {
    Task task{LabelHead{name, kMaxObjects + 1}, count};
    tasks.push_back(std::move(task));
  };
  add_count("count", [](const Scene& scene) { return static_cast<int>(scene.objects.size()); });
  for (int colour = 0; colour < kColourCount; ++colour) {
    add_count(fmt::format("count colour {}", colour), [=](const Scene& scene) { return count_colour(scene, colour); });
  }
  for (int shape = 0; shape < kShapeCount; ++shape) {
    add_count(fmt::format("count shape {}", shape), [=](const Scene& scene) { return count_shape(scene, shape); });
  }
  add_count("count big", [](const Scene& scene) { return count_size(scene, kBig); });
  return tasks;
}

const std::vector<Task>& tasks() {
  static const std::vector<Task> kTasks = make_tasks();
  return kTasks;
}

}  // namespace

const std::vector<LabelHead>& label_heads() {
  static const std::vector<LabelHead> kHeads = [] {
    std::vector<LabelHead> heads;
    for (const Task& task : tasks()) heads.push_back(task.head);
    return heads;
  }();
  return kHeads;
}

std::vector<int64_t> labels(const Scene& scene) {
  std::vector<int64_t> values;
  values.reserve(tasks().size());
  for (const Task& task : tasks()) values.push_back(task.label(scene));
  return values;
}

}  // namespace epalm::world
