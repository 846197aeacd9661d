#pragma once

#include <fmt/format.h>

#include <functional>
#include <string>
#include <vector>

#include "epalm/world/items.h"
#include "epalm/world/labels.h"

namespace epalm::world {

// One classification task over the items of a scene.
template <typename Item>
struct ItemTask {
  LabelHead head;
  std::function<int64_t(const std::vector<Item>&)> label;
};

// Whether a text speaks of it (LabelHead::facts).
enum class InWords { kNo, kYes };

// Something to tell about an item by the items and its position: 0 .. values - 1, or -1 for nothing.
template <typename Item>
struct Aspect {
  std::string name;
  int values;
  std::function<int(const std::vector<Item>&, size_t position)> value;
  InWords told = InWords::kYes;
};

template <typename Item>
Aspect<Item> attribute_aspect(const std::string& name, Attribute<Item> attribute, int values) {
  return {name, values, [=](const std::vector<Item>& items, size_t position) { return items[position].*attribute; }};
}

template <typename Item>
Aspect<Item> order_aspect() {
  return {"order", kMaxItems, [](const std::vector<Item>&, size_t position) { return static_cast<int>(position); }};
}

// The attribute of the item that comes `step` places later: 1 for the next, -1 for the one before.
template <typename Item>
Aspect<Item> neighbour_aspect(const std::string& name, Attribute<Item> attribute, int values, int step) {
  return {name, values, [=](const std::vector<Item>& items, size_t position) {
            const size_t other = position + static_cast<size_t>(step);  // wraps beyond the end from the first
            return other < items.size() ? items[other].*attribute : -1;
          }};
}

// What an encoder learns and no question asks for.
template <typename Item>
Aspect<Item> untold(Aspect<Item> aspect) {
  aspect.told = InWords::kNo;
  return aspect;
}

// Whether several items of a scene may have the same value.
enum class Repeats { kNever, kPossible };

template <typename Item>
class ItemTasks {
 public:
  using Items = std::vector<Item>;

  // "slot 0 colour": what the item there has; class 0: nobody there.
  void add_slots(const std::vector<Aspect<Item>>& aspects) {
    for (size_t slot = 0; slot < kMaxItems; ++slot) {
      for (const Aspect<Item>& aspect : aspects) {
        add(fmt::format("slot {} {}", slot, aspect.name), aspect.values + 1, facts(aspect.told, aspect.values),
            [=](const Items& items) { return slot < items.size() ? 1 + aspect.value(items, slot) : 0; });
      }
    }
  }

  // "shape 2 colour": what the item with that value has; class 0: no such item or nothing to tell, last class, where
  // values may repeat: several such items.
  void add_keyed(const std::string& key_name, Attribute<Item> key, int key_values,
                 const std::vector<Aspect<Item>>& aspects, Repeats repeats = Repeats::kPossible) {
    const int more_classes = repeats == Repeats::kPossible ? 2 : 1;
    for (int value = 0; value < key_values; ++value) {
      for (const Aspect<Item>& aspect : aspects) {
        add(fmt::format("{} {} {}", key_name, value, aspect.name), aspect.values + more_classes,
            facts(aspect.told, aspect.values), [=](const Items& items) {
              const int count = count_value(items, key, value);
              if (count != 1) return count == 0 ? 0 : aspect.values + 1;
              const auto item =
                  std::find_if(items.begin(), items.end(), [&](const Item& i) { return i.*key == value; });
              return 1 + aspect.value(items, static_cast<size_t>(item - items.begin()));
            });
      }
    }
  }

  // "count": the number of items.
  void add_count() {
    add("count", kMaxItems + 1, kMaxItems, [](const Items& items) { return static_cast<int>(items.size()); });
  }

  // "count colour 3": the number of items with that value.
  void add_counts(const std::string& name, Attribute<Item> attribute, int values, InWords told = InWords::kYes) {
    for (int value = 0; value < values; ++value) {
      add_count_of(fmt::format("count {} {}", name, value), attribute, value, told);
    }
  }

  void add_count_of(const std::string& name, Attribute<Item> attribute, int value, InWords told) {
    add(name, kMaxItems + 1, facts(told, kMaxItems),
        [=](const Items& items) { return count_value(items, attribute, value); });
  }

  std::vector<LabelHead> heads() const {
    std::vector<LabelHead> result;
    for (const ItemTask<Item>& task : tasks_) result.push_back(task.head);
    return result;
  }

  std::vector<int64_t> labels(const Items& items) const {
    std::vector<int64_t> values;
    values.reserve(tasks_.size());
    for (const ItemTask<Item>& task : tasks_) values.push_back(task.label(items));
    return values;
  }

 private:
  static int facts(InWords told, int values) { return told == InWords::kYes ? values : 0; }

  void add(std::string name, int classes, int facts, std::function<int64_t(const Items&)> label) {
    tasks_.push_back({{std::move(name), classes, facts}, std::move(label)});
  }

  std::vector<ItemTask<Item>> tasks_;
};

}  // namespace epalm::world
