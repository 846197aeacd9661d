#include "epalm/text/merge_table.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>
#include <tuple>

namespace epalm::text {
namespace {

using testing::ElementsAre;
using Symbols = std::vector<uint32_t>;
using Merge = std::tuple<uint32_t, uint32_t, uint32_t>;

MergeTable table_of(const std::vector<Merge>& merges) {
  MergeTable table;
  for (const auto& [left, right, result] : merges) EXPECT_TRUE(table.add(left, right, result));
  return table;
}

Symbols merged(const MergeTable& table, Symbols symbols) {
  MergeTable::Workspace workspace;
  table.apply(symbols, workspace);
  return symbols;
}

// The definition: while some merge applies, the one of lowest rank is carried out everywhere.
Symbols apply_slowly(const std::vector<Merge>& merges, Symbols symbols) {
  for (bool again = true; again;) {
    again = false;
    for (const auto& [left, right, result] : merges) {
      Symbols next;
      for (size_t i = 0; i < symbols.size(); ++i) {
        const bool here = i + 1 < symbols.size() && symbols[i] == left && symbols[i + 1] == right;
        next.push_back(here ? result : symbols[i]);
        i += here;
      }
      again = next.size() < symbols.size();
      symbols = next;
      if (again) break;
    }
  }
  return symbols;
}

TEST(MergeTable, MergesByRankNotByPosition) {
  const MergeTable table = table_of({{2, 3, 10}, {1, 2, 11}, {11, 3, 12}});
  EXPECT_THAT(merged(table, {1, 2, 3}), ElementsAre(1, 10));
  EXPECT_THAT(merged(table, {1, 2, 1, 3}), ElementsAre(11, 1, 3));
}

TEST(MergeTable, PairsEqualSymbolsFromTheLeft) {
  const MergeTable table = table_of({{1, 1, 2}});
  EXPECT_THAT(merged(table, {1, 1, 1, 1, 1}), ElementsAre(2, 2, 1));
  EXPECT_THAT(merged(table, {1}), ElementsAre(1));
  EXPECT_THAT(merged(table, {}), ElementsAre());
}

TEST(MergeTable, FinishesAMergeEverywhereBeforeALowerRankThatItOpens) {
  // 1 2 -> 3 opens 3 1 -> 4, of lower rank; done at once it would take the 1 of the second pair.
  const MergeTable table = table_of({{3, 1, 4}, {1, 2, 3}});
  EXPECT_THAT(merged(table, {1, 2, 1, 2}), ElementsAre(3, 3));
}

TEST(MergeTable, RefusesASecondMergeOfAPair) {
  MergeTable table = table_of({{1, 2, 3}});
  EXPECT_FALSE(table.add(1, 2, 4));
  EXPECT_THAT(merged(table, {1, 2}), ElementsAre(3));
}

TEST(MergeTable, EqualsTheDefinitionOnRandomTablesAndWords) {
  std::mt19937 random(7);
  const auto below = [&](size_t limit) { return static_cast<uint32_t>(random() % limit); };
  for (int round = 0; round < 300; ++round) {
    MergeTable table;
    std::vector<Merge> merges;
    for (uint32_t result = 4; result < 24; ++result) {
      const Merge merge{below(result), below(result), result};
      if (table.add(std::get<0>(merge), std::get<1>(merge), result)) merges.push_back(merge);
    }
    std::shuffle(merges.begin(), merges.end(), random);  // tables of files need not be in the order of learning
    table = table_of(merges);
    Symbols word(below(60));
    for (auto& symbol : word) symbol = below(4);
    ASSERT_EQ(merged(table, word), apply_slowly(merges, word)) << "round " << round;
  }
}

TEST(MergeTable, MergesAMillionSymbolsInOneWord) {
  std::vector<Merge> doubling;
  for (uint32_t id = 0; id < 12; ++id) doubling.emplace_back(id, id, id + 1);
  // 2^20 = 256 * 2^12
  EXPECT_EQ(merged(table_of(doubling), Symbols(size_t{1} << 20, 0)), Symbols(256, 12));
}

}  // namespace
}  // namespace epalm::text
