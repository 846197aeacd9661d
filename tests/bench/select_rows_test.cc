#include "epalm/bench/select_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "epalm/base/error.h"
#include "epalm/bench/all_rows.h"

namespace epalm::bench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<Row> some_rows() {
  std::vector<Row> rows;
  for (const char* name : {"media.fbank", "media.fbank_long", "train.cached", "train.peak"}) {
    rows.emplace_back().name = name;
  }
  return rows;
}

std::vector<std::string> selected(const std::vector<std::string>& names) {
  std::vector<std::string> result;
  for (const Row& row : select_rows(some_rows(), names)) result.push_back(row.name);
  return result;
}

std::string refusal(const std::string& name) {
  try {
    select_rows(some_rows(), {name});
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(SelectRows, NoNamesSelectAll) {
  EXPECT_EQ(selected({}).size(), some_rows().size());
}

TEST(SelectRows, PrefixSelectsItsGroup) {
  EXPECT_THAT(selected({"train"}), ElementsAre("train.cached", "train.peak"));
  EXPECT_THAT(selected({"train.p"}), ElementsAre("train.peak"));
}

TEST(SelectRows, WholeNameSelectsItsRowAlone) {
  EXPECT_THAT(selected({"media.fbank"}), ElementsAre("media.fbank"));
}

TEST(SelectRows, RowsKeepTheirOrderAndComeOnce) {
  EXPECT_THAT(selected({"train.peak", "media.fbank", "train"}),
              ElementsAre("media.fbank", "train.cached", "train.peak"));
}

TEST(SelectRows, UnknownNameIsRefusedWithTheNearest) {
  EXPECT_THAT(refusal("trian.peak"), HasSubstr("'train.peak'"));
  EXPECT_THAT(refusal("trian.peak"), HasSubstr("--list"));
  EXPECT_NE(refusal(""), "");
  EXPECT_NE(refusal("cached"), "") << "the middle of a name is no prefix";
}

TEST(AllRows, HoldEachGroup) {
  const auto rows = all_rows({});
  for (const char* name :
       {"media.fbank", "encode.vit", "train.cached", "growth.batch", "decode.int8", "demo.epoch2", "demo.views",
        "load.int8", "lever.train.features", "lever.train.bf16", "lever.train.labelled", "lever.train.depth",
        "lever.train.frozen", "lever.train.prompts", "lever.generate.cache", "lever.generate.int8",
        "lever.generate.beams", "lever.generate.finished"}) {
    EXPECT_TRUE(std::any_of(rows.begin(), rows.end(), [&](const Row& row) { return row.name == name; })) << name;
  }
}

TEST(AllRows, AreNamedOnceAndSayWhatTheyMeasure) {
  std::set<std::string> names;
  for (const Row& row : all_rows({})) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_THAT(row.name, testing::MatchesRegex("[a-z0-9]+(\\.[a-z0-9_]+)+"));
    EXPECT_FALSE(row.what.empty() || row.unit.empty()) << row.name;
    EXPECT_TRUE(row.measure) << row.name;
  }
}

}  // namespace
}  // namespace epalm::bench
