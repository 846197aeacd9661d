#pragma once

#include <algorithm>
#include <vector>

namespace epalm::world {

// What pictures, clips and recordings share: one to three things, each a struct of whole-number attributes.
inline constexpr int kMaxItems = 3;

template <typename Item>
using Attribute = int Item::*;

template <typename Item>
int count_value(const std::vector<Item>& items, Attribute<Item> attribute, int value) {
  return static_cast<int>(
      std::count_if(items.begin(), items.end(), [&](const Item& item) { return item.*attribute == value; }));
}

template <typename Item>
bool has_pair(const std::vector<Item>& items, Attribute<Item> first, int first_value, Attribute<Item> second,
              int second_value) {
  return std::any_of(items.begin(), items.end(),
                     [&](const Item& item) { return item.*first == first_value && item.*second == second_value; });
}

// Where the items are that share their value with no other: "the circle" can only mean them.
template <typename Item>
std::vector<size_t> unique_positions(const std::vector<Item>& items, Attribute<Item> attribute) {
  std::vector<size_t> positions;
  for (size_t i = 0; i < items.size(); ++i) {
    if (count_value(items, attribute, items[i].*attribute) == 1) positions.push_back(i);
  }
  return positions;
}

}  // namespace epalm::world
