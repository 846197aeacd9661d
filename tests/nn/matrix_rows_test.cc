#include "epalm/nn/matrix_rows.h"

#include "epalm/nn/weights.h"
#include "tests/nn/rounding.h"

namespace epalm::nn {
namespace {

constexpr int64_t kRows = 9, kColumns = 64;

TEST(MatrixRows, OfADenseMatrixAreItsOwn) {
  const at::Tensor matrix = uniform({kRows, kColumns}, 1).requires_grad_();
  const MatrixRows rows(matrix);
  EXPECT_EQ(rows.rows(), kRows);
  EXPECT_EQ(rows.columns(), kColumns);
  EXPECT_TRUE(rows.dense().is_same(matrix));
  EXPECT_TRUE(at::equal(rows.slice(2, 3), matrix.slice(0, 2, 5)));
  const at::Tensor some = rows.select(at::tensor({8, 0, 3, 3}, at::kLong).view({2, 2}));
  EXPECT_TRUE(at::equal(some[1][0], matrix[3]));
  some.sum().backward();
  EXPECT_EQ(matrix.grad()[3].sum().item<float>(), 2 * kColumns);
}

TEST(MatrixRows, OfADenseMatrixMultiplyAsTheyRound) {
  const at::Tensor matrix = uniform({kRows, kColumns}, 1), x = uniform({5, kColumns}, 2), dy = uniform({5, 3}, 3);
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16, at::kHalf}) {
    const MatrixRows rows(matrix.to(type));
    const at::Tensor three = rows.slice(2, 3).to(at::kDouble);
    const auto rounded = [&](const at::Tensor& t) { return type == at::kBFloat16 ? t.to(type).to(at::kFloat) : t; };
    expect_exact_within_float32(rows.times(x, 2, 3), ExactProduct(rounded(x), three.t()));
    expect_exact_within_float32(rows.gradient_times(dy, 2, 3), ExactProduct(rounded(dy), three));
  }
}

TEST(MatrixRows, OfFloat16AreSlicedInFloat32) {
  const at::Tensor matrix = uniform({kRows, kColumns}, 1).to(at::kHalf);
  EXPECT_TRUE(at::equal(MatrixRows(matrix).slice(1, 2), matrix.slice(0, 1, 3).to(at::kFloat)));
}

TEST(MatrixRows, OfAQuantizedMatrixAreWhatItsIntegersSay) {
  for (const int bits : {8, 4}) {
    const QuantizedMatrix matrix(uniform({kRows, kColumns}, 1), bits, "m");
    const MatrixRows rows(matrix);
    EXPECT_FALSE(rows.dense().defined());
    EXPECT_EQ(rows.rows(), kRows);
    EXPECT_EQ(rows.columns(), kColumns);
    EXPECT_TRUE(at::equal(rows.slice(2, 3), matrix.rows(2, 3)));
    const at::Tensor x = uniform({5, kColumns}, 2), dy = uniform({5, 3}, 3);
    const QuantizedMatrix three(matrix.values().narrow(0, 2, 3), matrix.scales().narrow(0, 2, 3));
    EXPECT_TRUE(at::equal(rows.times(x, 2, 3), three.times(x, {})));
    EXPECT_TRUE(at::equal(rows.times(x, 2, 3), matrix.times(x, {}).narrow(1, 2, 3)));
    EXPECT_TRUE(at::equal(rows.gradient_times(dy, 2, 3), three.gradient_times(dy)));
    const at::Tensor some = rows.select(at::tensor({8, 0, 3, 3}, at::kLong).view({2, 2}));
    EXPECT_EQ(some.sizes(), (at::IntArrayRef{2, 2, kColumns}));
    EXPECT_TRUE(at::equal(some[0], at::cat({matrix.rows(8, 1), matrix.rows(0, 1)})));
    EXPECT_EQ(rows.select(at::zeros({0}, at::kLong)).sizes(), (at::IntArrayRef{0, kColumns}));
  }
}

}  // namespace
}  // namespace epalm::nn
