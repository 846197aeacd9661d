#pragma once

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

namespace epalm::world {

// What clips and sounds share: one to three things that come one after the other, each a struct of whole-number
// attributes.
inline constexpr int kMaxItems = 3;
inline constexpr std::array<std::string_view, kMaxItems> kOrdinals = {"first", "second", "third"};

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
