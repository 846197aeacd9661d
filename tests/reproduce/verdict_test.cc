#include "epalm/reproduce/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "epalm/reproduce/documents.h"
#include "tests/report/markup.h"

namespace epalm::reproduce {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Row row(const std::string& name, bool ours) {
  return {.name = name, .group = "g", .label = "the " + name, .what = "w", .ours = ours, .keys = {}};
}

Entry entry(int64_t trained, const std::vector<double>& accuracies) {
  Entry entry;
  for (const double accuracy : accuracies) {
    CellResult cell;
    cell.metrics = {{"accuracy", accuracy}};
    cell.parameters.total = 100'000;
    cell.parameters.trained = trained;
    cell.epoch_loss = {3, 2};
    cell.epoch_valid = {accuracy / 2, accuracy};
    entry.runs.push_back(cell);
  }
  return entry;
}

TableResult table(std::vector<Entry> entries) {
  TableResult result;
  result.table = "methods";
  result.command = "epalm reproduce methods";
  result.rows = {row("ours", true), row("small", false), row("large", false)};
  result.tasks = {infer::Task::kVqa};
  result.seeds = 2;
  result.entries = {std::move(entries)};
  return result;
}

TEST(Verdicts, CompareWithTheBestBaselineThatTrainsNoMore) {
  const auto verdicts = verdicts_of(table({entry(100, {60, 62}), entry(125, {50, 52}), entry(126, {90, 92})}));
  ASSERT_EQ(verdicts.size(), 1U);
  EXPECT_EQ(verdicts[0].rival, "small");
  EXPECT_DOUBLE_EQ(verdicts[0].margin(), 10);
  EXPECT_TRUE(verdicts[0].ahead());
  EXPECT_FALSE(verdicts[0].within_noise());
  EXPECT_THAT(verdicts[0].larger_and_ahead, ElementsAre("large"));
}

TEST(Verdicts, SayWhenAVariantIsBehindOrWithinTheNoise) {
  const auto result = table({entry(100, {50, 60}), entry(100, {52, 60}), entry(900, {1, 2})});
  const auto verdicts = verdicts_of(result);
  ASSERT_EQ(verdicts.size(), 1U);
  EXPECT_FALSE(verdicts[0].ahead());
  EXPECT_TRUE(verdicts[0].within_noise());
  EXPECT_TRUE(verdicts[0].larger_and_ahead.empty());
  EXPECT_THAT(claims_of(result), ElementsAre(HasSubstr("the ours is ahead of every baseline")));
  EXPECT_THAT(claims_of(result)[0], HasSubstr("on 0 of 1 task"));
}

TEST(Verdicts, LeaveOutWhatWasNotMeasured) {
  EXPECT_TRUE(verdicts_of(table({entry(100, {50}), Entry{}, entry(900, {1})})).empty()) << "no comparable baseline";
  EXPECT_TRUE(verdicts_of(table({Entry{}, entry(100, {50}), entry(900, {1})})).empty()) << "no variant";
}

TEST(Documents, HoldEveryRowWithMeanAndDeviation) {
  auto result = table({entry(100, {60, 62}), entry(100, {50, 52}), Entry{}});
  result.entries[0][2].problem = "<out of memory>";
  const auto json = to_json(result);
  EXPECT_THAT(json.dump(), HasSubstr("61.0"));
  const std::string csv = to_csv(result);
  EXPECT_THAT(csv, HasSubstr("ours"));
  EXPECT_THAT(csv, HasSubstr("accuracy"));
  EXPECT_THAT(csv, HasSubstr("61"));
  const std::string markdown = to_markdown(result);
  EXPECT_THAT(markdown, HasSubstr("the ours"));
  EXPECT_THAT(markdown, HasSubstr("61.0"));
  EXPECT_THAT(markdown, HasSubstr("1.4")) << "sample deviation of 60 and 62";
  const std::string html = to_html(result);
  EXPECT_THAT(html, HasSubstr("the small"));
  EXPECT_THAT(html, HasSubstr("&lt;out of memory&gt;"));
  EXPECT_THAT(html, testing::Not(HasSubstr("<out of memory>")));
}

}  // namespace
}  // namespace epalm::reproduce
