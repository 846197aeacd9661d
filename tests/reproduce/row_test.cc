#include "epalm/reproduce/row.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "epalm/base/error.h"
#include "epalm/infer/config_source.h"
#include "epalm/infer/run_config.h"
#include "epalm/reproduce/ablations.h"
#include "epalm/reproduce/methods.h"

namespace epalm::reproduce {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> names(const std::vector<Row>& rows) {
  std::vector<std::string> result;
  for (const Row& row : rows) result.push_back(row.name);
  return result;
}

TEST(SelectRows, TakesNamesGroupsAndBeginningsInTheOrderOfTheTable) {
  const auto rows = method_rows();
  EXPECT_EQ(names(select_rows(rows, {})), names(rows));
  EXPECT_THAT(names(select_rows(rows, {"text", "magma"})), ElementsAre("magma", "text"));
  EXPECT_THAT(names(select_rows(rows, {"limb"})), ElementsAre("limber", "limber_all"));
  EXPECT_THAT(names(select_rows(rows, {"epalm_lin", "epalm_lin"})), ElementsAre("epalm_lin"));
  try {
    select_rows(rows, {"limbr"});
    FAIL() << "an unknown row was taken";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("limber"));
  }
}

// Keys of every row are ones that a configuration has, or training would refuse them hours later.
TEST(Rows, SetKeysThatAConfigurationTakes) {
  Setting setting;
  setting.lm_layers = 6;
  setting.encoder_depth = 6;
  setting.base.adapter.start_layer_idx = 3;
  setting.base.adapter.end_layer_idx = 6;
  auto rows = method_rows();
  const auto ablations = ablation_rows();
  rows.insert(rows.end(), ablations.begin(), ablations.end());
  std::set<std::string> seen;
  size_t with_keys = 0;
  for (const Row& row : rows) {
    EXPECT_TRUE(seen.insert(row.name).second) << row.name << " twice";
    EXPECT_FALSE(row.what.empty() || row.label.empty()) << row.name;
    const Keys keys = row.keys(setting);
    if (!keys) continue;
    ++with_keys;
    infer::ConfigSource source{.origin = row.name, .values = {{"task", "vqa"}}};
    infer::apply_overrides(source, *keys);
    EXPECT_NO_THROW(infer::run_config_from_json(source.values, row.name));
  }
  EXPECT_GT(with_keys, 30U);
}

}  // namespace
}  // namespace epalm::reproduce
