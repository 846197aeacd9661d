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

TEST(PackedBatchOrder, IsThePlainOrderWhereEachRowHasOneSample) {
  Batches plain;
  for (const auto& batch : packed_batch_order({0, 0, 1, 1, 1, 2, 2}, 3, 1, 5, 2)) {
    auto& samples = plain.emplace_back();
    for (const auto& row : batch) {
      ASSERT_EQ(row.size(), 1u);
      samples.push_back(row[0]);
    }
  }
  EXPECT_EQ(plain, batch_order(7, 3, true, 5, 2));
}

TEST(PackedBatchOrder, RowsHoldUpToSoManySamplesOfOneMediumAndEverySampleOnce) {
  const std::vector<int64_t> media{0, 1, 0, 1, 0, 2, 0, 1, 0, 3, 3};  // five, three, one and two samples
  for (int64_t epoch = 0; epoch < 4; ++epoch) {
    const auto batches = packed_batch_order(media, 4, 2, 1, epoch);
    EXPECT_EQ(batches, packed_batch_order(media, 4, 2, 1, epoch));
    EXPECT_EQ(batches.size(), 4u);  // of 3 + 2 + 1 + 1 rows, two a batch
    std::vector<int64_t> all;
    for (const auto& batch : batches) {
      EXPECT_LE(batch.size(), 2u);
      for (const auto& row : batch) {
        ASSERT_TRUE(!row.empty() && row.size() <= 2);
        for (const int64_t sample : row) EXPECT_EQ(media[size_t(sample)], media[size_t(row[0])]);
        all.insert(all.end(), row.begin(), row.end());
      }
    }
    std::sort(all.begin(), all.end());
    for (size_t i = 0; i < media.size(); ++i) EXPECT_EQ(all.at(i), static_cast<int64_t>(i));
  }
  EXPECT_NE(packed_batch_order(media, 4, 2, 1, 0), packed_batch_order(media, 4, 2, 1, 1));
}

TEST(PackedBatchOrder, HasAtLeastOneRowABatchAndRefusesEmptyRows) {
  EXPECT_EQ(packed_batch_order({0, 0, 0, 0}, 1, 3, 1, 0).size(), 2u);
  EXPECT_TRUE(packed_batch_order({}, 4, 2, 1, 0).empty());
  EXPECT_THROW(packed_batch_order({0, 0}, 4, 0, 1, 0), Error);
}

}  // namespace
}  // namespace epalm::data
