#include "epalm/metrics/longest_match.h"

#include <gtest/gtest.h>

namespace epalm::metrics {
namespace {

TEST(LongestMatch, PrefersLengthThenOrder) {
  Automaton automaton;
  const int entry = automaton.add({text("ab"), some(chars(u"a-z")), text("abc")});
  EXPECT_EQ(automaton.longest(entry, u"ab ", 0)->alternative, 0);
  const auto match = automaton.longest(entry, u"xabcd!", 1);
  EXPECT_EQ(match->alternative, 1);
  EXPECT_EQ(match->end, 5u);
  EXPECT_FALSE(automaton.longest(entry, u"!", 0));
}

TEST(LongestMatch, KnowsCountsSetsAndCases) {
  Automaton automaton;
  const int count = automaton.add({times(chars(u"0-9"), 2, 3)});
  EXPECT_EQ(automaton.longest(count, u"12345", 0)->end, 3u);
  EXPECT_FALSE(automaton.longest(count, u"1x", 0));
}

TEST(LongestMatch, MatchesLettersInBothCasesExceptACapitalisedFirst) {
  Automaton automaton;
  const int any_case = automaton.add({words("mr mrs")});
  const int capital = automaton.add({capitalised("Miss")});
  EXPECT_EQ(automaton.longest(any_case, u"MRS", 0)->end, 3u);
  EXPECT_TRUE(automaton.longest(capital, u"MISS", 0));
  EXPECT_FALSE(automaton.longest(capital, u"miss", 0));
}

TEST(LongestMatch, ListsAllEnds) {
  Automaton automaton;
  const int entry = automaton.add({text("a") + many(text("ba"))});
  EXPECT_EQ(automaton.all_ends(entry, u"ababab", 0, 5), (std::vector<size_t>{1, 3, 5}));
}

}  // namespace
}  // namespace epalm::metrics
