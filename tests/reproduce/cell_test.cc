#include "epalm/reproduce/cell.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "epalm/base/error.h"
#include "epalm/reproduce/cell_store.h"
#include "tests/train/tiny_run.h"

namespace epalm::reproduce {
namespace {

using nlohmann::json;

CellResult some_cell() {
  CellResult cell;
  cell.metrics = {{"accuracy", 61.25}};
  cell.parameters.total = 1000;
  cell.parameters.trained = 7;
  cell.seconds_per_epoch = 1.5;
  cell.seconds = 4;
  cell.peak_rss_gb = 0.25;
  cell.epoch_loss = {2, 1};
  cell.epoch_valid = {50, 60};
  return cell;
}

TEST(MeanOf, IsThatOfASampleWithItsDeviation) {
  const Mean three = mean_of({1, 2, 6});
  EXPECT_DOUBLE_EQ(three.mean, 3);
  ASSERT_TRUE(three.deviation);
  EXPECT_DOUBLE_EQ(*three.deviation, std::sqrt(7.0));  // (4 + 1 + 9) / 2
  EXPECT_EQ(three.count, 3U);
  EXPECT_FALSE(mean_of({5}).deviation) << "one value does not spread";
}

TEST(CellStore, FindsARunByAllThatItDependsOn) {
  const train::TemporaryFolder scratch("cell_store");
  const CellStore store(scratch.path());
  const json made_with{{"lr", 0.1}, {"seed", 42}};
  EXPECT_FALSE(store.find(made_with));
  std::filesystem::create_directories(store.work_folder(made_with));
  store.add(made_with, some_cell());
  EXPECT_FALSE(std::filesystem::exists(store.work_folder(made_with)));
  const auto found = CellStore(scratch.path()).find(made_with);
  ASSERT_TRUE(found);
  EXPECT_EQ(to_json(*found), to_json(some_cell()));
  EXPECT_FALSE(store.find(json{{"lr", 0.1}, {"seed", 43}}));
}

TEST(CellStore, NamesADamagedFile) {
  const train::TemporaryFolder scratch("cell_store");
  const CellStore store(scratch.path());
  const json made_with{{"seed", 42}};
  store.add(made_with, some_cell());
  std::filesystem::path file;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(scratch.path())) {
    if (entry.path().extension() == ".json") file = entry.path();
  }
  ASSERT_FALSE(file.empty());
  std::ofstream(file) << "{\"metrics\": 3";
  try {
    store.find(made_with);
    FAIL() << "taken for a result";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr(file.filename().string()));
  }
}

}  // namespace
}  // namespace epalm::reproduce
