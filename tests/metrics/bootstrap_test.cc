#include "epalm/metrics/bootstrap.h"

#include <gtest/gtest.h>

#include <cmath>

namespace epalm::metrics {
namespace {

const MeasureSums kMean = [](std::span<const double> sums) { return std::vector{sums[0] / sums[1]}; };

TEST(Bootstrap, CoversTheMeanByItsStandardError) {
  // 900 items, half of them right: standard error 0.5 / 30, so 95 % lie within 1.96 of it. The percentiles of 2,000
  // sets vary by about a twentieth of that width.
  std::vector<double> rows;
  for (int i = 0; i < 900; ++i) rows.insert(rows.end(), {static_cast<double>(i % 2), 1.0});
  const auto intervals = bootstrap(rows, 2, kMean, {.resamples = 2000, .seed = 1});
  ASSERT_EQ(intervals.size(), 1u);
  const double half = 1.96 * 0.5 / 30;
  EXPECT_NEAR(intervals[0].low, 0.5 - half, 0.15 * half);
  EXPECT_NEAR(intervals[0].high, 0.5 + half, 0.15 * half);
}

TEST(Bootstrap, DependsOnTheSeedAlone) {
  std::vector<double> rows;
  for (int i = 0; i < 50; ++i) rows.insert(rows.end(), {std::sin(i), 1.0});
  const auto one = bootstrap(rows, 2, kMean, {.resamples = 20, .seed = 5});
  const auto same = bootstrap(rows, 2, kMean, {.resamples = 20, .seed = 5});
  const auto other = bootstrap(rows, 2, kMean, {.resamples = 20, .seed = 6});
  EXPECT_EQ(one[0].low, same[0].low);
  EXPECT_NE(one[0].low, other[0].low);
}

TEST(Bootstrap, SetsThatTellNothingOfAMeasureDoNotCount) {
  const std::vector<double> rows{1, 1, 0, 0, 0, 0};  // a third of the sets lack the first item
  const auto intervals = bootstrap(rows, 2, kMean);
  EXPECT_EQ(intervals[0].low, 1);
  EXPECT_EQ(intervals[0].high, 1);
}

TEST(Bootstrap, OfEqualItemsHasNoWidthAndOfNothingNone) {
  const std::vector<double> rows{0.25, 1, 0.25, 1};
  const auto intervals = bootstrap(rows, 2, kMean);
  EXPECT_EQ(intervals[0].low, 0.25);
  EXPECT_EQ(intervals[0].high, 0.25);
  EXPECT_TRUE(bootstrap({}, 2, kMean).empty());
  EXPECT_TRUE(bootstrap(rows, 2, kMean, {.resamples = 0}).empty());
}

}  // namespace
}  // namespace epalm::metrics
