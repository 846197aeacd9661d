#include "epalm/nn/layer_norm.h"

#include "tests/nn/rounding.h"

namespace epalm::nn {
namespace {

TEST(LayerNorm, NormalisesTheLastDimensionThenScalesAndShifts) {
  const double eps = 0.5;  // large, so that a wrong place for it shows
  const at::Tensor x = uniform({2, 3, 8}, 1), weight = uniform({8}, 2), bias = uniform({8}, 3);
  const at::Tensor exact = x.to(at::kDouble);
  const at::Tensor centred = exact - exact.mean(-1, true);
  const at::Tensor expected = centred / (centred.square().mean(-1, true) + eps).sqrt() * weight + bias;
  // Mean and variance of 8 numbers of size 1 err by some 10 u each, the quotient is below 2: 2 · (10 + 10 + 5) u.
  expect_within(LayerNorm(weight, bias, eps)(x), expected, at::full_like(expected, 50 * kUnit));
}

TEST(LayerNorm, ComputesInTheTypeOfItsInput) {
  const at::Tensor x = uniform({3, 8}, 1).to(at::kDouble);
  EXPECT_EQ(LayerNorm(at::ones({8}), at::zeros({8}), 1e-5)(x).scalar_type(), at::kDouble);
}

TEST(LayerNorm, IsUndefinedUntilItHasWeights) {
  EXPECT_FALSE(LayerNorm().defined());
  EXPECT_TRUE(LayerNorm(at::ones({8}), at::zeros({8}), 1e-5).defined());
  EXPECT_THROW(LayerNorm(at::ones({8}), at::zeros({7}), 1e-5), std::logic_error);
}

}  // namespace
}  // namespace epalm::nn
