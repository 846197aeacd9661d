#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "epalm/base/python_random.h"
#include "epalm/world/items.h"
#include "epalm/world/questions.h"
#include "epalm/world/words.h"

namespace epalm::world {

// What the questions of all three worlds share: how a "no" and a number are drawn so that the words give nothing away,
// and what may be asked about an order.

inline constexpr const char* kYesNo = "yes/no";
inline constexpr const char* kNumber = "number";
inline constexpr const char* kOther = "other";

using MaybeQuestion = std::optional<Question>;

std::string yes_or_no(bool yes);

// The values from 0 to count - 1 that pass.
std::vector<int> values_where(int count, const std::function<bool(int)>& test);

// Half of the time only the candidates that borrow from another item, where there are any: such a "no" can only be
// found by looking which value belongs to which item.
template <typename T>
T draw_tempting(PythonRandom& random, const std::vector<T>& candidates, const std::function<bool(const T&)>& tempts) {
  std::vector<T> tempting;
  for (const T& candidate : candidates) {
    if (tempts(candidate)) tempting.push_back(candidate);
  }
  return coin(random) && !tempting.empty() ? random.choice(tempting) : random.choice(candidates);
}

// Another value than `value` for a "no".
template <typename Item>
int draw_other(PythonRandom& random, const std::vector<Item>& items, Attribute<Item> attribute, int kinds, int value) {
  const std::vector<int> others = values_where(kinds, [&](int other) { return other != value; });
  return draw_tempting<int>(random, others, [&](int other) { return count_value(items, attribute, other) > 0; });
}

struct ValuePair {
  int first;
  int second;
};

// A pair of values that no item has: the pair of one of them with one value altered.
template <typename Item>
ValuePair absent_pair(PythonRandom& random, const std::vector<Item>& items, const Item& item, Attribute<Item> first,
                      int first_kinds, Attribute<Item> second, int second_kinds) {
  const auto altered = [&](bool alter_first) {
    std::vector<ValuePair> pairs;
    for (int value = 0; value < (alter_first ? first_kinds : second_kinds); ++value) {
      const ValuePair pair = alter_first ? ValuePair{value, item.*second} : ValuePair{item.*first, value};
      if (!has_pair(items, first, pair.first, second, pair.second)) pairs.push_back(pair);
    }
    return pairs;
  };
  const bool alter_first = coin(random);
  std::vector<ValuePair> candidates = altered(alter_first);
  // With few values all of them may occur; there are more kinds of each second attribute than items.
  if (candidates.empty()) candidates = altered(!alter_first);
  return draw_tempting<ValuePair>(random, candidates, [&](const ValuePair& pair) {
    return count_value(items, first, pair.first) > 0 && count_value(items, second, pair.second) > 0;
  });
}

// A value to be counted that is no item's (35 %) or several items' (where one is, most of the rest), else nothing: then
// it is to be any item's.
template <typename Item>
std::optional<int> draw_absent_or_repeated(PythonRandom& random, const std::vector<Item>& items,
                                           Attribute<Item> attribute, int kinds) {
  const int64_t roll = random.randrange(100);
  const auto count = [&](int value) { return count_value(items, attribute, value); };
  const std::vector<int> absent = values_where(kinds, [&](int value) { return count(value) == 0; });
  const std::vector<int> repeated = values_where(kinds, [&](int value) { return count(value) > 1; });
  if (roll < 35 && !absent.empty()) return random.choice(absent);
  if (roll < 85 && !repeated.empty()) return random.choice(repeated);
  return std::nullopt;
}

template <typename Item>
int draw_counted(PythonRandom& random, const std::vector<Item>& items, Attribute<Item> attribute, int kinds) {
  const std::optional<int> special = draw_absent_or_repeated(random, items, attribute, kinds);
  return special ? *special : random.choice(items).*attribute;
}

// "how many red shapes are there", or "… do you see" if that is how the medium is perceived.
Question count_question(PythonRandom& random, const std::string& things, const std::string& perceived, int count,
                        const std::string& type);

// A position whose item alone has its value of the attribute.
template <typename Item>
std::optional<size_t> draw_unique(PythonRandom& random, const std::vector<Item>& items, Attribute<Item> attribute) {
  const std::vector<size_t> positions = unique_positions(items, attribute);
  if (positions.empty()) return std::nullopt;
  return random.choice(positions);
}

template <typename Item>
size_t draw_position(PythonRandom& random, const std::vector<Item>& items) {
  return static_cast<size_t>(random.randrange(static_cast<int64_t>(items.size())));
}

// A thing and the one that comes next to it.
struct Neighbours {
  size_t named;  // alone has its value
  size_t answer;
  std::string side;  // "after" or "before" the named one
};

template <typename Item>
std::optional<Neighbours> draw_neighbours(PythonRandom& random, const std::vector<Item>& items,
                                          Attribute<Item> attribute) {
  std::vector<Neighbours> possible;
  for (const size_t named : unique_positions(items, attribute)) {
    if (named + 1 < items.size()) possible.push_back({named, named + 1, "after"});
    if (named > 0) possible.push_back({named, named - 1, "before"});
  }
  if (possible.empty()) return std::nullopt;
  return random.choice(possible);
}

// One question of every kind that applies, in random order.
template <typename Scene>
std::vector<Question> ask_all(const Scene& scene, PythonRandom& random,
                              std::initializer_list<MaybeQuestion (*)(const Scene&, PythonRandom&)> kinds) {
  std::vector<Question> asked;
  for (const auto kind : kinds) {
    if (MaybeQuestion question = kind(scene, random)) asked.push_back(std::move(*question));
  }
  random.shuffle(asked);
  return asked;
}

}  // namespace epalm::world
