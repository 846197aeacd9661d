#include "epalm/report/axis.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace epalm::report {
namespace {

std::vector<std::string> ticks_of(const Axis& axis) {
  std::vector<std::string> ticks;
  for (int i = 0; i < axis.ticks(); ++i) ticks.push_back(axis.tick_text(i));
  return ticks;
}

using Texts = std::vector<std::string>;

TEST(Axis, StepsAreRoundAndHoldTheRange) {
  EXPECT_EQ(ticks_of(axis_over(0, 100)), (Texts{"0", "20", "40", "60", "80", "100"}));
  EXPECT_EQ(ticks_of(axis_over(1.9, 3.1)), (Texts{"1.5", "2.0", "2.5", "3.0", "3.5"}));
}

TEST(Axis, BeginsAtZeroOnlyWhereZeroIsNear) {
  EXPECT_EQ(axis_over(1, 10).low, 0);
  EXPECT_EQ(axis_over(8, 10).low, 8);
}

TEST(Axis, NegativeValuesAndZeroHaveNoStraySign) {
  EXPECT_EQ(ticks_of(axis_over(-0.3, 0.3, 6)), (Texts{"-0.3", "-0.2", "-0.1", "0.0", "0.1", "0.2", "0.3"}));
}

TEST(Axis, OneValueLiesStrictlyInside) {
  for (const double value : {0.0, 7.0, -3.0, 1e14, 1e-9}) {
    const Axis axis = axis_over(value, value);
    EXPECT_LT(axis.low, axis.high) << value;
    EXPECT_LE(axis.low, value);
    EXPECT_GE(axis.high, value);
    EXPECT_LE(axis.ticks(), 12);
  }
}

TEST(Axis, PlacesValuesLinearly) {
  const Axis axis{.low = 0, .high = 10, .step = 2};
  EXPECT_EQ(axis.place(0, 256, 16), 256);
  EXPECT_EQ(axis.place(10, 256, 16), 16);
  EXPECT_EQ(axis.place(5, 256, 16), 136);
}

}  // namespace
}  // namespace epalm::report
