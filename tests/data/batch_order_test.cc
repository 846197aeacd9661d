#include "epalm/data/batch_order.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "epalm/base/error.h"

namespace epalm::data {
namespace {

using Batches = std::vector<std::vector<int64_t>>;

TEST(BatchOrder, KeepsTheLastPartialBatch) {
  EXPECT_EQ(batch_order(5, 2, false), (Batches{{0, 1}, {2, 3}, {4}}));
}

TEST(BatchOrder, ShufflesEverySampleOnceAndEachEpochDifferently) {
  const auto first = batch_order(50, 8, true, 1, 0), second = batch_order(50, 8, true, 1, 1);
  EXPECT_EQ(first, batch_order(50, 8, true, 1, 0));
  EXPECT_NE(first, second);
  std::vector<int64_t> all;
  for (const auto& batch : first) all.insert(all.end(), batch.begin(), batch.end());
  std::sort(all.begin(), all.end());
  for (int64_t i = 0; i < 50; ++i) EXPECT_EQ(all[i], i);
}

TEST(BatchOrder, IsEmptyForNoSamplesAndRefusesNoBatchSize) {
  EXPECT_TRUE(batch_order(0, 4, true).empty());
  EXPECT_THROW(batch_order(3, 0, false), Error);
}

}  // namespace
}  // namespace epalm::data
