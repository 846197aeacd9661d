#include "epalm/data/subset.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/data/scratch.h"

namespace epalm::data {
namespace {

SampleList of_types(const std::vector<std::string>& types) {
  std::vector<Sample> samples;
  for (const auto& type : types) samples.emplace_back().question_type = type;
  return SampleList(samples);
}

TEST(SubsetRule, TellsCountsFromFractionsByHowTheyAreWritten) {
  EXPECT_EQ(SubsetRule::parse("-1", "train_topk").kind, SubsetRule::Kind::kAll);
  EXPECT_EQ(SubsetRule::parse("1", "train_topk").kind, SubsetRule::Kind::kCount);
  EXPECT_EQ(SubsetRule::parse("1.0", "train_topk").kind, SubsetRule::Kind::kFraction);
  EXPECT_EQ(SubsetRule::parse("0.25", "train_topk").fraction, 0.25);
  EXPECT_NE(error_of([] { SubsetRule::parse("1.5", "train_topk"); }).find("train_topk"), std::string::npos);
  EXPECT_THROW(SubsetRule::parse("many", "train_topk"), Error);
  EXPECT_THROW(SubsetRule::parse("nan", "train_topk"), Error);
}

TEST(PlainSubset, TakesTheFirstForACountAndNeverMoreThanThereAre) {
  PythonRandom random(0);
  EXPECT_EQ(plain_subset(5, SubsetRule::parse("3", ""), random), (std::vector<int64_t>{0, 1, 2}));
  EXPECT_EQ(plain_subset(2, SubsetRule::parse("3", ""), random).size(), 2u);
}

// random.seed(3); random.sample(range(12), 6) in CPython.
TEST(PlainSubset, DrawsPythonsSampleForAFraction) {
  PythonRandom random(3);
  EXPECT_EQ(plain_subset(12, SubsetRule::parse("0.5", ""), random), (std::vector<int64_t>{3, 9, 8, 2, 5, 4}));
}

TEST(VqaSubset, GivesTheSameSamplesForTheSameSeedOnly) {
  const SampleList samples = of_types(std::vector<std::string>(100, "t"));
  const auto rule = SubsetRule::parse("10", "");
  EXPECT_EQ(vqa_subset(samples, rule, 1), vqa_subset(samples, rule, 1));
  EXPECT_NE(vqa_subset(samples, rule, 1), vqa_subset(samples, rule, 2));
}

TEST(VqaSubset, BalancesQuestionTypes) {
  const SampleList samples = of_types({"a", "a", "a", "a", "a", "a", "b", "b", "b", "c"});
  auto rule = SubsetRule::parse("6", "");
  rule.balance_types = true;
  std::map<std::string, int> counts;
  for (const int64_t index : vqa_subset(samples, rule)) ++counts[samples.get(index).question_type];
  EXPECT_EQ(counts, (std::map<std::string, int>{{"a", 2}, {"b", 2}, {"c", 1}}));
}

}  // namespace
}  // namespace epalm::data
