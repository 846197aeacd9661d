#include "epalm/metrics/longest_match.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "epalm/base/error.h"

namespace epalm::metrics {

struct Pattern::Node {
  enum class Kind { kSet, kSequence, kEither, kMany, kEmpty };
  Kind kind;
  std::shared_ptr<const CharSet> set;
  std::shared_ptr<const Node> left, right;
};

namespace {

using Node = Pattern::Node;
using Kind = Pattern::Node::Kind;

constexpr int32_t kUnknown = -2;
constexpr int32_t kDead = -1;
// Real texts need a few thousand states; a text made to need more only costs time.
constexpr size_t kMaxStates = 20000;

Pattern make(Kind kind, const Pattern* left = nullptr, const Pattern* right = nullptr) {
  return Pattern(
      std::make_shared<Node>(Node{kind, nullptr, left ? left->share() : nullptr, right ? right->share() : nullptr}));
}

Pattern set_pattern(std::shared_ptr<const CharSet> set) {
  return Pattern(std::make_shared<Node>(Node{Kind::kSet, std::move(set), nullptr, nullptr}));
}

bool is_ascii_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

Pattern literal_unit(char c, bool both_cases) {
  // Shared between all patterns, so that the automaton sees few distinct sets.
  static const auto cache = [] {
    std::array<std::array<std::shared_ptr<const CharSet>, 128>, 2> sets;
    for (int both = 0; both < 2; ++both) {
      for (int unit = 0; unit < 128; ++unit) {
        CharSet set;
        set.set(unit);
        if (both && is_ascii_letter(static_cast<char>(unit))) set.set(unit ^ 0x20);
        sets[both][unit] = std::make_shared<const CharSet>(set);
      }
    }
    return sets;
  }();
  EPALM_ASSERT(static_cast<unsigned char>(c) < 128);
  return set_pattern(cache[both_cases][static_cast<unsigned char>(c)]);
}

Pattern literal(std::string_view text, bool first_is_cased) {
  Pattern all = literal_unit(text.front(), !first_is_cased);
  for (char c : text.substr(1)) all = all + literal_unit(c, true);
  return all;
}

Pattern word_list(std::string_view list, bool first_is_cased) {
  std::optional<Pattern> all;
  while (!list.empty()) {
    const size_t space = std::min(list.find(' '), list.size());
    const Pattern word = literal(list.substr(0, space), first_is_cased);
    all = all ? (*all | word) : word;
    list.remove_prefix(std::min(space + 1, list.size()));
  }
  return *all;
}

}  // namespace

CharSet char_set(std::u16string_view spec) {
  CharSet set;
  for (size_t i = 0; i < spec.size(); ++i) {
    if (i + 2 < spec.size() && spec[i + 1] == u'-') {
      for (uint32_t unit = spec[i]; unit <= spec[i + 2]; ++unit) set.set(unit);
      i += 2;
    } else {
      set.set(spec[i]);
    }
  }
  return set;
}

Pattern chars(const CharSet& set) {
  return set_pattern(std::make_shared<const CharSet>(set));
}
Pattern chars(std::u16string_view spec) {
  return chars(char_set(spec));
}
Pattern not_chars(std::u16string_view spec) {
  return chars(~char_set(spec));
}
Pattern text(std::string_view literal_text) {
  return literal(literal_text, false);
}
Pattern words(std::string_view list) {
  return word_list(list, false);
}
Pattern capitalised(std::string_view list) {
  return word_list(list, true);
}
Pattern operator+(const Pattern& first, const Pattern& second) {
  return make(Kind::kSequence, &first, &second);
}
Pattern operator|(const Pattern& left, const Pattern& right) {
  return make(Kind::kEither, &left, &right);
}
Pattern many(const Pattern& pattern) {
  return make(Kind::kMany, &pattern);
}
Pattern some(const Pattern& pattern) {
  return pattern + many(pattern);
}

Pattern maybe(const Pattern& pattern) {
  const Pattern empty = make(Kind::kEmpty);
  return pattern | empty;
}

Pattern times(const Pattern& pattern, int low, int high) {
  Pattern all = make(Kind::kEmpty);
  for (int i = 0; i < high - low; ++i) all = maybe(pattern + all);
  for (int i = 0; i < low; ++i) all = pattern + all;
  return all;
}

int Automaton::new_nfa_state() {
  nfa_.emplace_back();
  return static_cast<int>(nfa_.size()) - 1;
}

std::pair<int, int> Automaton::build(const Pattern::Node& node) {
  const int first = new_nfa_state();
  switch (node.kind) {
    case Kind::kEmpty:
      return {first, first};
    case Kind::kSet: {
      const auto [entry, is_new] = set_numbers_.try_emplace(node.set.get(), static_cast<int>(sets_.size()));
      if (is_new) sets_.push_back(node.set);
      const int last = new_nfa_state();
      nfa_[first].set = entry->second;
      nfa_[first].next[0] = last;
      return {first, last};
    }
    case Kind::kSequence: {
      const auto left = build(*node.left);
      const auto right = build(*node.right);
      nfa_[first].next[0] = left.first;
      nfa_[left.second].next[0] = right.first;
      return {first, right.second};
    }
    case Kind::kEither: {
      const auto left = build(*node.left);
      const auto right = build(*node.right);
      const int last = new_nfa_state();
      nfa_[first].next[0] = left.first;
      nfa_[first].next[1] = right.first;
      nfa_[left.second].next[0] = last;
      nfa_[right.second].next[0] = last;
      return {first, last};
    }
    case Kind::kMany: {
      const auto inner = build(*node.left);
      const int last = new_nfa_state();
      nfa_[first].next[0] = inner.first;
      nfa_[first].next[1] = last;
      nfa_[inner.second].next[0] = first;
      return {first, last};
    }
  }
  return {first, first};
}

int Automaton::add(const std::vector<Pattern>& alternatives) {
  EPALM_ASSERT(class_of_.empty());
  int chain = -1;  // NFA states that fan out to the alternatives
  for (size_t i = alternatives.size(); i-- > 0;) {
    const auto fragment = build(alternatives[i].node());
    const int accept = new_nfa_state();
    nfa_[accept].accepts = static_cast<int>(i);
    nfa_[fragment.second].next[0] = accept;
    const int fork = new_nfa_state();
    nfa_[fork].next[0] = fragment.first;
    nfa_[fork].next[1] = chain;
    chain = fork;
  }
  entries_.push_back(chain);
  starts_.push_back(kUnknown);
  return static_cast<int>(entries_.size()) - 1;
}

void Automaton::close() {
  class_of_.assign(65536, 0);
  size_t classes = 1;
  for (const auto& set : sets_) {  // each set splits the classes that it cuts through
    std::vector<int> renamed(classes * 2, -1);
    size_t count = 0;
    for (size_t unit = 0; unit < 65536; ++unit) {
      int& name = renamed[class_of_[unit] * 2 + set->test(unit)];
      if (name < 0) name = static_cast<int>(count++);
      class_of_[unit] = static_cast<uint16_t>(name);
    }
    classes = count;
  }
  class_in_.assign(classes, std::vector<bool>(sets_.size()));
  for (size_t unit = 0; unit < 65536; ++unit) {
    std::vector<bool>& row = class_in_[class_of_[unit]];
    for (size_t s = 0; s < sets_.size() && (unit == 0 || class_of_[unit] != class_of_[unit - 1]); ++s) {
      row[s] = sets_[s]->test(unit);
    }
  }
}

int32_t Automaton::intern(std::vector<int> members) {
  // Follow the moves that consume nothing; keep the states that consume or accept.
  std::vector<bool> seen(nfa_.size());
  std::vector<int> kept, stack = std::move(members);
  while (!stack.empty()) {
    const int s = stack.back();
    stack.pop_back();
    if (s < 0 || seen[s]) continue;
    seen[s] = true;
    if (nfa_[s].set >= 0 || nfa_[s].accepts >= 0) {
      kept.push_back(s);
    } else {
      stack.push_back(nfa_[s].next[0]);
      stack.push_back(nfa_[s].next[1]);
    }
  }
  if (kept.empty()) return kDead;
  std::sort(kept.begin(), kept.end());
  const auto [entry, is_new] = numbers_.try_emplace(kept, static_cast<int32_t>(states_.size()));
  if (is_new) {
    State state;
    for (int s : kept) {
      const int accepts = nfa_[s].accepts;
      if (accepts >= 0 && (state.accepts < 0 || accepts < state.accepts)) state.accepts = accepts;
    }
    state.members = std::move(kept);
    state.next.assign(class_in_.size(), kUnknown);
    states_.push_back(std::move(state));
  }
  return entry->second;
}

int32_t Automaton::start(int entry) {
  if (class_of_.empty()) close();
  if (states_.size() > kMaxStates) {
    states_.clear();
    numbers_.clear();
    std::fill(starts_.begin(), starts_.end(), kUnknown);
  }
  if (starts_[entry] == kUnknown) starts_[entry] = intern({entries_[entry]});
  return starts_[entry];
}

int32_t Automaton::step(int32_t state, char16_t unit) {
  const uint16_t unit_class = class_of_[unit];
  const int32_t known = states_[state].next[unit_class];
  if (known != kUnknown) return known;
  std::vector<int> members;
  for (int s : states_[state].members) {
    if (nfa_[s].set >= 0 && class_in_[unit_class][nfa_[s].set]) members.push_back(nfa_[s].next[0]);
  }
  const int32_t next = intern(std::move(members));
  states_[state].next[unit_class] = next;
  return next;
}

std::optional<Automaton::Match> Automaton::longest(int entry, std::u16string_view text, size_t begin) {
  std::optional<Match> best;
  int32_t state = start(entry);
  for (size_t i = begin; state >= 0; ++i) {
    if (states_[state].accepts >= 0) best = Match{states_[state].accepts, i};
    if (i >= text.size()) break;
    state = step(state, text[i]);
  }
  return best;
}

std::vector<size_t> Automaton::all_ends(int entry, std::u16string_view text, size_t begin, size_t limit) {
  std::vector<size_t> ends;
  int32_t state = start(entry);
  for (size_t i = begin; state >= 0; ++i) {
    if (states_[state].accepts >= 0) ends.push_back(i);
    if (i >= limit) break;
    state = step(state, text[i]);
  }
  return ends;
}

}  // namespace epalm::metrics
