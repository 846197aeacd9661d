#include "epalm/nn/int8_products.h"

#include <cmath>

#include "epalm/nn/cpu_isa.h"
#include "epalm/nn/dot_products.h"
#include "tests/nn/rounding.h"

namespace epalm::nn {
namespace {

class Int8Products : public testing::Test {
 protected:
  void SetUp() override {
    if (!cpu_adds_up_int8()) GTEST_SKIP() << "this CPU does not add up products of 8 bits";
  }
};

struct Matrix {
  at::Tensor values, scales;

  Matrix(int64_t out, int64_t in) {
    at::manual_seed(7);
    values = at::randint(-127, 128, {out, in}, at::kLong).to(at::kChar);
    scales = at::rand({out}) + 0.5;
  }
  at::Tensor dense() const { return values.to(at::kDouble) * scales.to(at::kDouble).unsqueeze(1); }
};

// Sizes below, at and above those of a panel, of the rows that meet it together and of the rows in flight.
const std::vector<std::array<int64_t, 3>> kSizes{{1, 1, 32},   {2, 63, 64},    {5, 64, 96},     {6, 65, 128},
                                                 {7, 200, 32}, {13, 130, 576}, {520, 70, 1056}, {1030, 5, 64}};

TEST_F(Int8Products, MultiplyAsTheirNumbersDo) {
  for (const auto& [rows, out, in] : kSizes) {
    const Matrix matrix(out, in);
    const at::Tensor x = uniform({rows, in}, 2), bias = uniform({out}, 3);
    const ExactProduct exact(x, matrix.dense().t(), bias);
    expect_within(int8_product(x, matrix.values, matrix.scales, bias), exact.value,
                  exact.bound + moved_in_groups(x).matmul(matrix.dense().abs().t()));
  }
}

TEST_F(Int8Products, PassGradientsOnAsTheirNumbersDo) {
  for (const auto& [rows, out, in] : kSizes) {
    const Matrix matrix(in, out);  // the depth is that of the matrix's rows
    const at::Tensor dy = uniform({rows, in}, 4);
    const ExactProduct exact(dy, matrix.dense());
    const at::Tensor weighed = moved_in_groups(dy * matrix.scales);
    expect_within(int8_gradient_product(dy, matrix.values, matrix.scales), exact.value,
                  exact.bound + weighed.matmul(matrix.values.to(at::kDouble).abs()));
  }
}

// Few rows are multiplied by other instructions, from the same integers: what differs is the order of sums.
TEST_F(Int8Products, AgreeWithDotProducts) {
  const Matrix matrix(96, 256);
  const at::Tensor x = uniform({9, 256}, 5), bias = uniform({96}, 6);
  const PackedMatrix packed{.format = PackedMatrix::Format::kInt8,
                            .values = matrix.values.data_ptr(),
                            .scales = matrix.scales.data_ptr<float>(),
                            .rows = 96,
                            .columns = 256};
  const ExactProduct exact(x, matrix.dense().t(), bias);
  expect_within(int8_product(x, matrix.values, matrix.scales, bias), dot_product(x, packed, bias).to(at::kDouble),
                2 * exact.bound);
}

TEST_F(Int8Products, KeepZerosAndPassOnWhatIsNoNumber) {
  const Matrix matrix(70, 96);
  at::Tensor x = uniform({8, 96}, 8);
  x[2].zero_();
  x[4][3] = std::nanf("");
  x[5][90] = INFINITY;
  const at::Tensor y = int8_product(x, matrix.values, matrix.scales);
  EXPECT_EQ(y[2].abs().max().item<float>(), 0);
  EXPECT_FALSE(y[4].isfinite().any().item<bool>());
  EXPECT_FALSE(y[5].isfinite().any().item<bool>());
  EXPECT_TRUE(y[6].isfinite().all().item<bool>());
}

// Of each group the largest number stays what it is, however much smaller the others are than those of other groups.
TEST_F(Int8Products, KeepSmallGroupsBesideLargeOnes) {
  const Matrix matrix(64, 128);
  at::Tensor x = uniform({7, 128}, 9);
  x.narrow(1, 64, 64).mul_(1e-6);
  const at::Tensor small = x.clone();
  small.narrow(1, 0, 64).zero_();
  const ExactProduct exact(small, matrix.dense().t());
  expect_within(int8_product(small, matrix.values, matrix.scales), exact.value,
                exact.bound + moved_in_groups(small).matmul(matrix.dense().abs().t()));
  expect_within(int8_product(x, matrix.values, matrix.scales), x.to(at::kDouble).matmul(matrix.dense().t()),
                ExactProduct(x, matrix.dense().t()).bound + moved_in_groups(x).matmul(matrix.dense().abs().t()));
}

}  // namespace
}  // namespace epalm::nn
