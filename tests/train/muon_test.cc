#include "epalm/train/muon.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "epalm/base/error.h"

namespace epalm::train {
namespace {

class OrthogonalisedOf : public testing::TestWithParam<std::pair<int64_t, int64_t>> {};

TEST_P(OrthogonalisedOf, KeepsDirectionsAndLevelsTheirSizes) {
  at::manual_seed(3);
  const at::Tensor matrix = at::randn({GetParam().first, GetParam().second});
  const auto [left, sizes, right] = at::linalg_svd(matrix, false);
  const at::Tensor result = orthogonalised(matrix);
  // In the matrix's own directions the result is diagonal, with values between 0.7 and 1.2.
  const at::Tensor turned = left.t().matmul(result).matmul(right.t());
  const at::Tensor diagonal = turned.diagonal();
  EXPECT_LT((turned - at::diag(diagonal)).abs().max().item<double>(), 1e-3);
  EXPECT_GT(diagonal.min().item<double>(), 0.3);  // the smallest one of a square matrix may start close to zero
  EXPECT_LT(diagonal.max().item<double>(), 1.25);
  EXPECT_GT(diagonal.median().item<double>(), 0.65);
}

INSTANTIATE_TEST_SUITE_P(Shapes, OrthogonalisedOf,
                         testing::Values(std::pair{8, 8}, std::pair{20, 6}, std::pair{6, 20}));

// || W x - y ||^2 over fixed x and y.
TEST(Muon, FindsAMatrix) {
  at::manual_seed(4);
  const at::Tensor truth = at::randn({6, 9});
  const at::Tensor inputs = at::randn({9, 40});
  at::Tensor matrix = at::zeros({6, 9}).requires_grad_(true);
  Muon muon({matrix}, 0);
  const auto loss = [&] { return (matrix - truth).matmul(inputs).square().mean(); };
  const double before = loss().item<double>();
  for (int step = 0; step < 300; ++step) {
    muon.zero_grad();
    loss().backward();
    muon.step(0.1 * (1 - step / 300.0));
  }
  EXPECT_LT(loss().item<double>(), before * 1e-3);
}

TEST(Muon, LeavesMatricesWithoutGradientAlone) {
  at::Tensor matrix = at::ones({2, 3}).requires_grad_(true);
  Muon muon({matrix}, 0.1);
  muon.step(1);
  EXPECT_TRUE(at::equal(matrix, at::ones({2, 3})));
}

TEST(Muon, RefusesVectors) {
  EXPECT_THROW(Muon({at::zeros({3})}, 0), Error);
}

}  // namespace
}  // namespace epalm::train
