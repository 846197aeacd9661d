#include "epalm/bench/roofline.h"

#include <gtest/gtest.h>

namespace epalm::bench {
namespace {

constexpr Peaks kPeaks{.gflops = 200, .gb_per_s = 20};

TEST(Roofline, IsThatOfProductsWhereTheyTakeLonger) {
  const Roofline roofline = roofline_of({.flop = 100e9, .bytes = 2e9, .seconds = 2}, kPeaks);  // 0.5 s and 0.1 s
  EXPECT_EQ(roofline.bound, Roofline::Bound::kProducts);
  EXPECT_DOUBLE_EQ(roofline.percent, 25);
  EXPECT_EQ(roofline.peak, 200);
}

TEST(Roofline, IsThatOfMemoryWhereReadingTakesLonger) {
  const Roofline roofline = roofline_of({.flop = 1e9, .bytes = 2e9, .seconds = 0.125}, kPeaks);  // 5 ms and 0.1 s
  EXPECT_EQ(roofline.bound, Roofline::Bound::kMemory);
  EXPECT_DOUBLE_EQ(roofline.percent, 80);
  EXPECT_EQ(roofline.peak, 20);
}

}  // namespace
}  // namespace epalm::bench
