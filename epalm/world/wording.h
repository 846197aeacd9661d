#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "epalm/base/python_random.h"
#include "epalm/world/items.h"

namespace epalm::world {

inline constexpr std::array<std::string_view, kMaxItems> kOrdinals = {"first", "second", "third"};

template <size_t N>
std::string word_of(const std::array<std::string_view, N>& words, int index) {
  return std::string(words.at(static_cast<size_t>(index)));
}

// "first" for position 0.
std::string ordinal(size_t position);

// What `tell` says of each item.
template <typename Item, typename Tell>
std::vector<std::string> each(const std::vector<Item>& items, Tell tell) {
  std::vector<std::string> parts;
  for (const Item& item : items) parts.push_back(tell(item));
  return parts;
}

// "x", "x and y", "x, y and z".
std::string listed(const std::vector<std::string>& parts);

// "x. y."
std::string sentences(const std::vector<std::string>& parts);

// "one shape", "two shapes".
std::string counted(int count, const std::string& thing);

// "first x, second y, third z." in several forms: as one sentence or several, after a lead-in like "there are two
// shapes: " or none. Every part carries its number, so that "what is second" can be looked up by one word.
std::string numbered(const std::vector<std::string>& parts, const std::vector<std::string>& leads,
                     PythonRandom& random);

// "x, then y, then z" with one of the words that join two parts.
std::string chained(const std::vector<std::string>& parts, const std::vector<std::string>& joints,
                    PythonRandom& random);

// `count` texts from `make`, no two equal unless dozens of tries find no new one.
template <typename Make>
std::vector<std::string> different_texts(int count, Make make) {
  std::vector<std::string> texts;
  for (int tries = 0; static_cast<int>(texts.size()) < count; ++tries) {
    std::string text = make();
    const bool known = std::find(texts.begin(), texts.end(), text) != texts.end();
    if (!known || tries > 10 * count) texts.push_back(std::move(text));
  }
  return texts;
}

}  // namespace epalm::world
