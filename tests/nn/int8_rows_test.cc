#include "epalm/nn/int8_rows.h"

#include <cmath>

#include "tests/nn/rounding.h"

namespace epalm::nn {
namespace {

at::Tensor numbers_of(const Int8Rows& rows) {
  return rows.values.to(at::kDouble) * rows.scales.to(at::kDouble).unsqueeze(1);
}

// The scale, its inverse, a product with it and the sum that rounds it err by a unit each, of numbers up to 127.
TEST(Int8Rows, MoveNoNumberByMoreThanHalfAScale) {
  for (const int64_t columns : {1, 7, 64, 131}) {
    const at::Tensor x = uniform({9, columns}, 1) * at::logspace(-6, 6, 9).unsqueeze(1);
    const Int8Rows rows = int8_rows(x);
    EXPECT_EQ(rows.values.scalar_type(), at::kChar);
    EXPECT_TRUE(at::equal(rows.values.to(at::kInt).abs().amax(1), at::full({9}, 127, at::kInt)));
    const at::Tensor largest = x.abs().amax(1, true).to(at::kDouble);
    expect_within(numbers_of(rows), x.to(at::kDouble), (largest * (0.5 / 127 + 4 * kUnit)).expand_as(x));
  }
}

TEST(Int8Rows, OfIntegersUpTo127AreThese) {
  const at::Tensor x = at::arange(-127, 128, at::kFloat).unsqueeze(0);
  const Int8Rows rows = int8_rows(x);
  EXPECT_EQ(rows.scales.item<float>(), 1);
  EXPECT_TRUE(at::equal(rows.values.to(at::kFloat), x));
}

TEST(Int8Rows, DoNotDependOnStridesOrOtherRows) {
  const at::Tensor x = uniform({6, 40}, 2), strided = x.t().contiguous().t();
  const Int8Rows all = int8_rows(x), others = int8_rows(strided), one = int8_rows(x.narrow(0, 4, 1));
  EXPECT_TRUE(at::equal(all.values, others.values) && at::equal(all.scales, others.scales));
  EXPECT_TRUE(at::equal(all.values[4], one.values[0]) && at::equal(all.scales[4], one.scales[0]));
  EXPECT_EQ(int8_rows(x.narrow(0, 0, 0)).values.sizes(), (at::IntArrayRef{0, 40}));
}

TEST(Int8Rows, OfZerosAndOfLessThanHasAnInverseAreZeros) {
  const at::Tensor x = at::zeros({3, 33});
  x[1].fill_(1e-38F);
  x[2].fill_(0x1p-118F);
  const Int8Rows rows = int8_rows(x);
  EXPECT_TRUE(at::equal(numbers_of(rows)[0], at::zeros({33}, at::kDouble)));
  EXPECT_TRUE(at::equal(numbers_of(rows)[1], at::zeros({33}, at::kDouble)));
  EXPECT_TRUE(at::equal(rows.values[2], at::full({33}, 127, at::kChar)));
}

TEST(Int8Rows, OfNumbersThatAreNotFiniteHaveAScaleThatIsNot) {
  const at::Tensor x = uniform({3, 20}, 3);
  x[0][4] = std::nanf("");
  x[1][19] = -INFINITY;
  const Int8Rows rows = int8_rows(x);
  EXPECT_TRUE(std::isnan(rows.scales[0].item<float>()));
  EXPECT_TRUE(std::isinf(rows.scales[1].item<float>()));
  EXPECT_TRUE(std::isfinite(rows.scales[2].item<float>()));
}

// A sum becomes float32, the scales are multiplied with each other and with it, the bias is added: four roundings, with
// what these make of each other less than five units.
TEST(Scaled, MultipliesRowsAndColumnsAndAddsABias) {
  const at::Tensor sums = (uniform({5, 37}, 4) * 2e9).to(at::kInt), rows = uniform({5}, 5), columns = uniform({37}, 6),
                   bias = uniform({37}, 7) * 1e9;
  const auto in_double = [](const at::Tensor& x) { return x.to(at::kDouble); };
  const at::Tensor exact = in_double(sums) * in_double(rows).unsqueeze(1) * in_double(columns);
  const at::Tensor plain = scaled(sums.clone(), rows, columns, {}), moved = scaled(sums.clone(), rows, columns, bias);
  EXPECT_EQ(plain.scalar_type(), at::kFloat);
  expect_within(plain, exact, exact.abs() * 5 * kUnit);
  expect_within(moved, exact + bias, (exact.abs() + bias.abs()) * 5 * kUnit);
}

}  // namespace
}  // namespace epalm::nn
