#include "epalm/nn/product.h"

#include <array>

#include "tests/nn/rounding.h"

namespace epalm::nn {
namespace {

constexpr int64_t kRows = 5, kInner = 7, kColumns = 3;

// The same matrix in every layout that a caller may hand over.
std::vector<std::pair<std::string, at::Tensor>> layouts(const at::Tensor& matrix) {
  const int64_t rows = matrix.size(0), columns = matrix.size(1);
  const auto filled = [&](at::Tensor view) { return view.copy_(matrix); };
  const auto options = matrix.options();
  return {{"rows", matrix.contiguous()},
          {"columns", matrix.t().contiguous().t()},
          {"rows of a wider matrix", filled(at::zeros({rows, columns + 2}, options).slice(1, 1, columns + 1))},
          {"columns of a wider matrix", filled(at::zeros({columns, rows + 2}, options).slice(1, 1, rows + 1).t())},
          {"every second element",
           filled(at::zeros({2 * rows, 2 * columns}, options).slice(0, 0, {}, 2).slice(1, 0, {}, 2))}};
}

class Product : public testing::TestWithParam<at::ScalarType> {};

TEST_P(Product, OfEveryLayoutEqualsTheExactOneWithinRounding) {
  const at::Tensor a = uniform({kRows, kInner}, 1).to(GetParam());
  const at::Tensor b = uniform({kInner, kColumns}, 2).to(GetParam());
  for (const at::Tensor& bias : {at::Tensor(), uniform({kColumns}, 3)}) {
    const ExactProduct exact(a, b, bias);  // bfloat16 operands too are multiplied exactly and summed in float32
    for (const auto& [left_layout, left] : layouts(a)) {
      for (const auto& [right_layout, right] : layouts(b)) {
        SCOPED_TRACE(left_layout + " times " + right_layout);
        expect_exact_within_float32(product(left, right, bias), exact);
      }
    }
  }
}

TEST_P(Product, OfOneRepeatedRowOrColumnIsTheProductOfTheRepeatedMatrix) {
  const at::Tensor row = uniform({1, kInner}, 4).to(GetParam()).expand({kRows, kInner});
  const at::Tensor column = uniform({kInner, 1}, 5).to(GetParam()).expand({kInner, kColumns});
  expect_exact_within_float32(product(row, column), ExactProduct(row, column));
}

TEST_P(Product, OfSingleRowsAndColumnsIsExactWithinRounding) {
  for (const auto& [rows, inner, columns] :
       std::vector<std::array<int64_t, 3>>{{1, 1, 1}, {1, 9, 1}, {4, 1, 1}, {1, 1, 6}, {1, 65, 33}}) {
    const at::Tensor a = uniform({rows, inner}, 6).to(GetParam()), b = uniform({columns, inner}, 7).to(GetParam()).t();
    expect_exact_within_float32(product(a, b), ExactProduct(a, b));
  }
}

// gelu' stays below 1.13, so the product's error grows by no more, and each number is then rounded once.
TEST_P(Product, FinishedIsRoundedOnce) {
  const at::Tensor a = uniform({kRows, kInner}, 1).to(GetParam()), b = uniform({kInner, kColumns}, 2).to(GetParam());
  for (const at::Tensor& bias : {at::Tensor(), uniform({kColumns}, 3)}) {
    const ExactProduct exact(a, b, bias);
    for (const auto& [finish, value] :
         {std::pair{Finish::kRound, exact.value}, std::pair{Finish::kGeluAndRound, at::gelu(exact.value)},
          std::pair{Finish::kReluAndRound, at::relu(exact.value)}}) {
      const at::Tensor got = product(a, b, bias, finish);
      EXPECT_EQ(got.scalar_type(), at::kBFloat16);
      // oneDNN's erf, a formula of five terms, is off by up to 1.5e-7 (Abramowitz and Stegun 7.1.26), of numbers
      // below 8.
      expect_within(got, value, 1.13 * exact.bound + 4 * 1.5e-7 + kBfloat16Unit * value.abs());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Types, Product, testing::Values(at::kFloat, at::kBFloat16),
                         [](const auto& info) { return std::string(toString(info.param)); });

TEST(ProductOfOtherTypes, FallsBackToThePlainOne) {
  const at::Tensor a = uniform({kRows, kInner}, 1), b = uniform({kInner, kColumns}, 2);
  const at::Tensor rounded = b.to(at::kBFloat16);
  expect_exact_within_float32(product(a, rounded), ExactProduct(a, rounded));
  const at::Tensor half = a.to(at::kHalf);
  expect_exact_within_float32(product(half, b), ExactProduct(half, b));
  const at::Tensor in_double = product(a.to(at::kDouble), b.to(at::kDouble));
  EXPECT_EQ(in_double.scalar_type(), at::kDouble);
  EXPECT_TRUE(at::equal(in_double, a.to(at::kDouble).mm(b.to(at::kDouble))));
}

TEST(ProductOfNothing, IsEmptyOrTheBias) {
  EXPECT_EQ(product(at::zeros({0, 4}), at::ones({4, 2})).sizes(), (at::IntArrayRef{0, 2}));
  EXPECT_TRUE(at::equal(product(at::zeros({3, 0}), at::zeros({0, 2})), at::zeros({3, 2})));
  const at::Tensor bias = uniform({2}, 1);
  EXPECT_TRUE(at::equal(product(at::zeros({3, 0}), at::zeros({0, 2}), bias), bias.expand({3, 2})));
}

TEST(ProductOfMatricesThatDoNotFit, IsABug) {
  EXPECT_THROW(product(at::ones({2, 3}), at::ones({4, 2})), std::logic_error);
  EXPECT_THROW(product(at::ones({2, 3, 1}), at::ones({1, 2})), std::logic_error);
}

// More layouts than a thread keeps plans for: a plan that is dropped must not be used.
TEST(ProductOfManyShapes, StaysRight) {
  for (int64_t pass = 0; pass < 2; ++pass) {
    for (int64_t inner = 1; inner <= 600; ++inner) {
      const double sum = product(at::ones({1, inner}), at::ones({inner, 1})).item<double>();
      ASSERT_EQ(sum, static_cast<double>(inner));  // small integers: exact in any order
    }
  }
}

TEST(Bfloat16ProductsGuard, RoundsOperandsWhileItLivesAndNoLonger) {
  const at::Tensor a = uniform({64, 96}, 1), b = uniform({96, 32}, 2);
  const at::Tensor before = product(a, b);
  at::Tensor during;
  {
    const Bfloat16Products guard;
    during = product(a, b);
  }
  EXPECT_TRUE(at::equal(product(a, b), before));
  if (at::equal(during, before)) GTEST_SKIP() << "neither this CPU nor this build multiplies in bfloat16";
  expect_exact_within_float32(during, ExactProduct(a.to(at::kBFloat16), b.to(at::kBFloat16)));
}

}  // namespace
}  // namespace epalm::nn
