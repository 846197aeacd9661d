#include "epalm/encoders/stochastic_depth.h"

#include <gtest/gtest.h>

namespace epalm::encoders {
namespace {

TEST(DropPath, LeavesEverythingAtRateZero) {
  const at::Tensor x = at::randn({3, 2, 4});
  EXPECT_TRUE(drop_path(x, 0).is_same(x));
}

TEST(DropPath, DropsWholeRowsAndScalesTheOthers) {
  nn::seed_dropout(1);
  constexpr int64_t kRows = 10'000;
  constexpr double kRate = 0.25;
  const at::Tensor x = at::ones({kRows, 2, 3});
  const at::Tensor dropped = drop_path(x, kRate);
  const at::Tensor first = dropped.select(2, 0).select(1, 0);  // [rows]
  EXPECT_TRUE(at::equal(dropped, first.view({kRows, 1, 1}).expand_as(x)));
  EXPECT_TRUE(at::all((first == 0) | ((first - 1 / (1 - kRate)).abs() < 1e-6)).item<bool>());
  // The share of zeros has a standard deviation of sqrt(0.25 · 0.75 / 10000) = 0.0043; five of them.
  EXPECT_NEAR((first == 0).sum().item<double>() / kRows, kRate, 0.022);
}

}  // namespace
}  // namespace epalm::encoders
