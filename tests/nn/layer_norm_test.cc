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

// Of rows that end in the middle of a vector, and in so many that threads share them, against libtorch's operator.
class LayerNormGradients : public testing::TestWithParam<bool> {};  // whether weight and bias are trained

TEST_P(LayerNormGradients, AreThoseOfLibtorch) {
  for (const int64_t width : {5, 64, 100}) {
    std::vector<at::Tensor> gradients[2], outs;
    const at::Tensor pull = uniform({700, width}, 4);
    for (auto& found : gradients) {
      at::Tensor x = uniform({700, width}, 1), weight = uniform({width}, 2), bias = uniform({width}, 3);
      x.requires_grad_(true);
      for (at::Tensor* each : {&weight, &bias}) each->requires_grad_(GetParam());
      const bool ours = &found == &gradients[0];
      outs.push_back(ours ? LayerNorm(weight, bias, 1e-5)(x) : at::layer_norm(x, {width}, weight, bias, 1e-5));
      outs.back().backward(pull);
      found = {x.grad(), weight.grad(), bias.grad()};
    }
    // A normalised number is below 10 and errs by some 25 u of itself; gradients are sums of 700 rows of such.
    expect_within(outs[0], outs[1], at::full_like(outs[1], 2 * 250 * kUnit));
    for (size_t i = 0; i < 3; ++i) {
      const double terms = i == 0 ? 10 : 700;
      ASSERT_EQ(gradients[0][i].defined(), i == 0 || GetParam());
      if (i > 0 && !GetParam()) continue;
      expect_within(gradients[0][i], gradients[1][i], at::full_like(gradients[1][i], terms * 250 * kUnit));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Of, LayerNormGradients, testing::Bool(),
                         [](const auto& info) { return info.param ? "Trained" : "Frozen"; });

// What goes around a part of a layer, and frozen weights: sums of two gradients, in one step.
TEST(LayerNorm, GradientsOfWhatLiesBesideItAreAddedUp) {
  constexpr int64_t kRows = 700, kWidth = 100;
  const at::Tensor pull = uniform({kRows, kWidth}, 4), pull_around = uniform({kRows, kWidth}, 5);
  for (const bool trains : {false, true}) {
    const LayerNorm norm(uniform({kWidth}, 2).requires_grad_(trains), uniform({kWidth}, 3), 1e-5);
    const auto gradient = [&](bool reads_around, bool reads_norm) {
      const at::Tensor x = uniform({kRows, kWidth}, 1).requires_grad_(true);
      const auto [around, normed] = norm.beside(x);
      EXPECT_TRUE(at::equal(around, x));
      at::Tensor sum = at::zeros({1});
      if (reads_around) sum = sum + (around * pull_around).sum();
      if (reads_norm) sum = sum + (normed * pull).sum();
      sum.backward();
      return x.grad();
    };
    const at::Tensor of_norm = gradient(false, true), both = gradient(true, true);
    EXPECT_TRUE(at::equal(gradient(true, false), pull_around));
    EXPECT_LE((both - of_norm - pull_around).abs().max().item<double>(), 4 * kUnit * both.abs().max().item<double>());
  }
}

TEST(LayerNorm, OfNumbersWhoseSquaresOverflowIsNotANumber) {
  const at::Tensor x = at::tensor({1e30F, -1e30F, 3.0F}).view({1, 3});
  EXPECT_TRUE(LayerNorm(at::ones({3}), at::zeros({3}), 1e-5)(x).isnan().all().item<bool>());
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
