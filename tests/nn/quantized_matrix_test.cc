#include "epalm/nn/quantized_matrix.h"

#include <gmock/gmock.h>

#include <cmath>

#include "epalm/base/error.h"
#include "epalm/nn/dot_products.h"
#include "epalm/nn/int8_sums.h"
#include "epalm/nn/packed_matrix.h"
#include "tests/nn/rounding.h"

namespace epalm::nn {
namespace {

constexpr int64_t kOut = 70, kIn = 96;

class QuantizedMatrices : public testing::TestWithParam<int> {
 protected:
  const at::Tensor weight_ = uniform({kOut, kIn}, 1);
  const QuantizedMatrix matrix_{weight_, GetParam(), "weight"};

  // Half of the scale with which the largest number of a row or group is 127, or 7 and float16 holds the scale.
  // [out,in]
  at::Tensor half_scales() const {
    if (GetParam() == 8) return (weight_.abs().amax(1, true) / 127 / 2).expand({kOut, kIn});
    const at::Tensor largest = weight_.view({kOut, -1, kFewColumns}).abs().amax(2, true);
    return (largest / 7 / 2 * (1 + 1.0 / 1024)).expand({kOut, -1, kFewColumns}).reshape({kOut, kIn});
  }
};

// Rounding to a multiple of the scale, then to bfloat16.
TEST_P(QuantizedMatrices, MoveNoNumberByMoreThanHalfAScale) {
  const at::Tensor rows = matrix_.rows(0, kOut);
  EXPECT_EQ(rows.scalar_type(), at::kBFloat16);
  expect_within(rows, weight_.to(at::kDouble), half_scales() * (1 + 1e-6) + weight_.abs() * 2 * kBfloat16Unit);
  EXPECT_TRUE(at::equal(matrix_.rows(17, 5), rows.narrow(0, 17, 5)));
}

TEST_P(QuantizedMatrices, TakeTheBytesTheySay) {
  const int64_t scales = GetParam() == 8 ? 4 * kOut : 2 * kOut * kIn / kFewColumns;
  EXPECT_EQ(matrix_.bytes(), kOut * kIn * GetParam() / 8 + scales);
  EXPECT_EQ(matrix_.in_features(), kIn);
  EXPECT_EQ(matrix_.out_features(), kOut);
}

// Up to kMostDotRows rows may be rounded to 8 bits in groups, by half of what a 127th of the largest number is; more
// are multiplied with what the integers say in bfloat16.
TEST_P(QuantizedMatrices, MultiplyAsTheirRowsDo) {
  const at::Tensor dense = matrix_.rows(0, kOut).to(at::kDouble), bias = uniform({kOut}, 3);
  for (const int64_t rows : {int64_t{1}, kFewRows, kFewRows + 1, kMostDotRows, kMostDotRows + 1}) {
    const at::Tensor x = uniform({rows, kIn}, 2);
    const ExactProduct exact(x, dense.t(), bias);
    const at::Tensor rounding = x.abs().to(at::kDouble).matmul(dense.abs().t()) * 2 * kBfloat16Unit;
    const at::Tensor moved = x.abs().amax(1, true).to(at::kDouble) * (0.5 / 127 + 4 * kUnit);  // [M,1]
    expect_within(matrix_.times(x, bias), exact.value, exact.bound + rounding + moved * dense.abs().sum(1));
  }
}

TEST_P(QuantizedMatrices, PassGradientsOnAsTheirRowsDo) {
  const at::Tensor dense = matrix_.rows(0, kOut).to(at::kDouble), dy = uniform({20, kOut}, 4);
  const ExactProduct exact(dy, dense);
  at::Tensor rounding = dy.abs().to(at::kDouble).matmul(dense.abs()) * 2 * kBfloat16Unit;
  if (GetParam() == 8) {  // or to integers, once gradients are multiplied by the scales
    const at::Tensor& scales = matrix_.scales();
    rounding += moved_in_groups(dy * scales).matmul(dense.abs() / scales.unsqueeze(1));
  }
  expect_within(matrix_.gradient_times(dy), exact.value, exact.bound + rounding);
}

TEST_P(QuantizedMatrices, KeepZerosAndRowsOfZeros) {
  at::Tensor weight = uniform({kOut, kIn}, 1);
  weight[3].zero_();
  weight[4][7] = 0;
  const at::Tensor rows = QuantizedMatrix(weight, GetParam(), "weight").rows(0, kOut);
  EXPECT_EQ(rows[3].abs().max().item<float>(), 0);
  EXPECT_EQ(rows[4][7].item<float>(), 0);
}

// The scale of such a group lies between the smallest numbers of float16, or above its largest.
TEST(QuantizedMatrixOf4Bits, KeepsTinyNumbersAndRefusesHugeOnes) {
  for (const double largest : {1e-3, 1e-6, 3e-8, 1e-30}) {
    const at::Tensor weight = uniform({8, 64}, 1) * largest;
    const at::Tensor moved = (QuantizedMatrix(weight, 4, "w").rows(0, 8).to(at::kDouble) - weight).abs();
    const double scale = std::ldexp(std::ceil(std::ldexp(largest / 7, 24)), -24) * (1 + 1.0 / 1024);
    EXPECT_LE(moved.max().item<double>(), scale / 2 + largest * 2 * kBfloat16Unit) << largest;
  }
  EXPECT_THROW(QuantizedMatrix(at::full({8, 64}, 5e5), 4, "w"), Error);
}

TEST_P(QuantizedMatrices, RefuseNumbersThatAreNotFinite) {
  for (const float number : {std::nanf(""), INFINITY}) {
    at::Tensor weight = uniform({kOut, kIn}, 1);
    weight[2][5] = number;
    try {
      QuantizedMatrix(weight, GetParam(), "layers.7.fc1.weight");
      FAIL();
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("layers.7.fc1.weight"));
    }
  }
}

TEST_P(QuantizedMatrices, NeedWholeGroups) {
  EXPECT_THROW(QuantizedMatrix(uniform({4, 40}, 1), GetParam(), "w"), Error);
}

// Integers of 8 bits times integers of 8 bits: the sums are exact, so a result errs by the half scale that each number
// of its row may move, and by the roundings of `scaled`.
TEST(QuantizedMatrixOf8Bits, MultipliesRowsIn8Bits) {
  if (!adds_up_int8()) GTEST_SKIP() << "neither this CPU nor this build adds up products of 8 bits";
  at::Tensor weight = uniform({kOut, kIn}, 1);
  weight[3].zero_();
  const QuantizedMatrix matrix(weight, 8, "weight");
  const at::Tensor dense = matrix.values().to(at::kDouble) * matrix.scales().to(at::kDouble).unsqueeze(1);
  const at::Tensor bias = uniform({kOut}, 3);
  for (const int64_t rows : {kMostDotRows + 1, 2 * kMostDotRows}) {
    at::Tensor x = uniform({rows, kIn}, 2);
    x[2].zero_();
    const ExactProduct exact(x, dense.t(), bias);
    const at::Tensor moved = x.abs().amax(1, true).to(at::kDouble) * (0.5 / 127 + 4 * kUnit);  // [M,1]
    const at::Tensor y = matrix.times(x, bias, Inputs::kInt8);
    expect_within(y, exact.value, exact.bound + moved * dense.abs().sum(1));
    EXPECT_TRUE(at::equal(y[2], bias));
    EXPECT_FALSE(at::equal(y, matrix.times(x, bias)));
  }
}

// Each row has a scale of its own and the sums are exact, so no row sees the others.
TEST(QuantizedMatrixOf8Bits, GivesARowTheSameInAnyBatch) {
  if (!adds_up_int8()) GTEST_SKIP() << "neither this CPU nor this build adds up products of 8 bits";
  const QuantizedMatrix matrix(uniform({kOut, kIn}, 1), 8, "weight");
  const at::Tensor x = uniform({3 * kMostDotRows, kIn}, 2);
  const at::Tensor y = matrix.times(x, {}, Inputs::kInt8);
  const int64_t some = kMostDotRows + 5;
  EXPECT_TRUE(at::equal(matrix.times(x.narrow(0, 20, some), {}, Inputs::kInt8), y.narrow(0, 20, some)));
}

TEST(QuantizedMatrixOf8Bits, PassesOnThatAnInputIsNotFinite) {
  const QuantizedMatrix matrix(uniform({kOut, kIn}, 1), 8, "weight");
  at::Tensor x = uniform({kMostDotRows + 1, kIn}, 2);
  x[5][1] = std::nanf("");
  x[6][1] = INFINITY;
  const at::Tensor y = matrix.times(x, {}, Inputs::kInt8);
  EXPECT_FALSE(y.slice(0, 5, 7).isfinite().any().item<bool>());
  EXPECT_TRUE(y.slice(0, 7).isfinite().all().item<bool>());
}

INSTANTIATE_TEST_SUITE_P(Bits, QuantizedMatrices, testing::Values(8, 4));

}  // namespace
}  // namespace epalm::nn
