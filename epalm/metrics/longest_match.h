#pragma once

#include <bitset>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

// Regular patterns built from C++ expressions, and an automaton that finds the longest match of many of them at once.
// Scanners need exactly this rule (longest wins, then the earliest in the table), which the usual regex engines lack.
namespace epalm::metrics {

// A set of UTF-16 code units.
using CharSet = std::bitset<65536>;

class Pattern {
 public:
  struct Node;
  explicit Pattern(std::shared_ptr<const Node> node) : node_(std::move(node)) {}
  const Node& node() const { return *node_; }
  const std::shared_ptr<const Node>& share() const { return node_; }

 private:
  std::shared_ptr<const Node> node_;
};

// One unit of the set. `spec` lists units and ranges ("a-z_"); a '-' at either end stands for itself.
Pattern chars(std::u16string_view spec);
Pattern chars(const CharSet& set);
// One unit that is not in the set.
Pattern not_chars(std::u16string_view spec);
CharSet char_set(std::u16string_view spec);

// ASCII text; letters match in both cases.
Pattern text(std::string_view literal);
// One of several texts, separated by single spaces.
Pattern words(std::string_view list);
// As words, but the first letter must have the written case.
Pattern capitalised(std::string_view list);

Pattern operator+(const Pattern& first, const Pattern& second);  // one after the other
Pattern operator|(const Pattern& left, const Pattern& right);    // either
Pattern maybe(const Pattern& pattern);
Pattern many(const Pattern& pattern);  // zero or more
Pattern some(const Pattern& pattern);  // one or more
Pattern times(const Pattern& pattern, int low, int high);

// Determinised while it is used: the states that the texts need are built once and kept. Not thread-safe.
class Automaton {
 public:
  struct Match {
    int alternative;  // index into the list given to add()
    size_t end;
  };

  // Registers a list of alternatives and returns its number. All lists must be added before the first match.
  int add(const std::vector<Pattern>& alternatives);

  // The longest match of list `entry` that starts at `begin`; of several equally long, the first alternative.
  std::optional<Match> longest(int entry, std::u16string_view text, size_t begin);

  // Ends of all matches that start at `begin` and end by `limit`, ascending.
  std::vector<size_t> all_ends(int entry, std::u16string_view text, size_t begin, size_t limit);

 private:
  struct NfaState {
    int set = -1;  // unit set that leads to next[0]; -1: no unit is consumed
    int next[2] = {-1, -1};
    int accepts = -1;
  };
  struct State {
    std::vector<int> members;
    std::vector<int32_t> next;  // by unit class; kUnknown until asked for
    int accepts = -1;
  };

  std::pair<int, int> build(const Pattern::Node& node);  // first and last NFA state of the fragment
  int new_nfa_state();
  void close();  // computes the unit classes
  int32_t intern(std::vector<int> members);
  int32_t start(int entry);
  int32_t step(int32_t state, char16_t unit);

  std::vector<NfaState> nfa_;
  std::vector<int> entries_;
  std::map<const CharSet*, int> set_numbers_;
  std::vector<std::shared_ptr<const CharSet>> sets_;
  std::vector<uint16_t> class_of_;           // unit -> class
  std::vector<std::vector<bool>> class_in_;  // [class][set]
  std::vector<State> states_;
  std::map<std::vector<int>, int32_t> numbers_;
  std::vector<int32_t> starts_;
};

}  // namespace epalm::metrics
