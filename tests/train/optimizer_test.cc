#include "epalm/train/optimizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <functional>
#include <memory>

#include "epalm/base/error.h"

namespace epalm::train {
namespace {

using testing::HasSubstr;

constexpr double kRate = 0.003, kDecay = 0.02;

struct Twins {
  at::Tensor ours, theirs;
};

Twins random_twins(at::IntArrayRef shape) {
  const at::Tensor start = torch::randn(shape);
  return {start.clone().requires_grad_(true), start.clone().requires_grad_(true)};
}

struct MethodCase {
  std::string opt;
  std::function<std::unique_ptr<torch::optim::Optimizer>(std::vector<at::Tensor>)> make;
};

class AgainstTorch : public testing::TestWithParam<MethodCase> {};

// libtorch's own optimisers run the same operations in the same order: equality is exact. The rate changes on the way.
TEST_P(AgainstTorch, TrajectoriesAreEqualBitForBit) {
  torch::manual_seed(4);
  const Twins matrix = random_twins({7, 33}), vector = random_twins({5});
  OptimizerSettings settings;
  settings.opt = GetParam().opt;
  Optimizer ours(settings, {{"all", kRate, kDecay, {{"matrix", 2, matrix.ours}, {"vector", 1, vector.ours}}}});
  const auto theirs = GetParam().make({matrix.theirs, vector.theirs});
  for (int step = 0; step < 25; ++step) {
    const at::Tensor target = torch::randn({7, 33});
    const auto backward = [&](const at::Tensor& m, const at::Tensor& v) {
      ((m - target).pow(2).sum() * v.pow(2).sum()).backward();
    };
    ours.zero_grad();
    theirs->zero_grad();
    backward(matrix.ours, vector.ours);
    backward(matrix.theirs, vector.theirs);
    const double rate = kRate / (1 + step);
    ours.groups()[0].lr = rate;
    theirs->param_groups()[0].options().set_lr(rate);
    ours.step();
    theirs->step();
    ASSERT_TRUE(matrix.ours.equal(matrix.theirs)) << "step " << step;
    ASSERT_TRUE(vector.ours.equal(vector.theirs)) << "step " << step;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Methods, AgainstTorch,
    testing::Values(MethodCase{"adamW",
                               [](std::vector<at::Tensor> p) {
                                 return std::make_unique<torch::optim::AdamW>(
                                     std::move(p), torch::optim::AdamWOptions(kRate).weight_decay(kDecay));
                               }},
                    MethodCase{"Adam",
                               [](std::vector<at::Tensor> p) {
                                 return std::make_unique<torch::optim::Adam>(
                                     std::move(p), torch::optim::AdamOptions(kRate).weight_decay(kDecay));
                               }},
                    MethodCase{"sgd",
                               [](std::vector<at::Tensor> p) {
                                 return std::make_unique<torch::optim::SGD>(
                                     std::move(p),
                                     torch::optim::SGDOptions(kRate).momentum(0.9).nesterov(true).weight_decay(kDecay));
                               }},
                    MethodCase{"momentum",
                               [](std::vector<at::Tensor> p) {
                                 return std::make_unique<torch::optim::SGD>(
                                     std::move(p), torch::optim::SGDOptions(kRate).momentum(0.9).weight_decay(kDecay));
                               }}),
    [](const auto& info) { return info.param.opt; });

// One AdamW step from p = 1 with gradient 0.5: p (1 - lr wd), then minus lr g / (|g| + eps').
TEST(Optimizer, AdamWDecaysAndThenMovesByTheRate) {
  const at::Tensor p = torch::ones({1}, torch::kDouble).requires_grad_(true);
  Optimizer optimizer({}, {{"all", 0.1, 0.5, {{"p", 1, p}}}});
  p.mutable_grad() = torch::full({1}, 0.5, torch::kDouble);
  optimizer.step();
  // sqrt(v)/sqrt(1-b2) is |g| up to double rounding of a handful of operations.
  EXPECT_NEAR(p.item<double>(), 0.95 - 0.1 * 0.5 / (0.5 + 1e-8), 1e-14);
}

TEST(Optimizer, LeavesParametersWithoutGradientAlone) {
  const at::Tensor idle = torch::ones({3}).requires_grad_(true), used = torch::ones({3}).requires_grad_(true);
  Optimizer optimizer({}, {{"all", 0.1, 0.5, {{"frozen", 2, {}}, {"idle", 1, idle}, {"used", 1, used}}}});
  used.sum().backward();
  optimizer.step();
  EXPECT_TRUE(idle.equal(torch::ones({3})));
  EXPECT_FALSE(used.equal(torch::ones({3})));
  EXPECT_EQ(optimizer.state().size(), 1U);
  EXPECT_EQ(optimizer.state().at("used").step, 1);
}

TEST(Optimizer, ZeroedGradientsStillDecay) {
  const at::Tensor p = torch::ones({2}).requires_grad_(true);
  Optimizer optimizer({}, {{"all", 0.1, 0.5, {{"p", 1, p}}}});
  p.mutable_grad() = torch::zeros({2});
  optimizer.zero_grad();
  optimizer.step();
  EXPECT_TRUE(p.equal(torch::ones({2}).mul(0.95)));
}

TEST(Optimizer, ContinuesFromItsStateBitForBit) {
  for (const std::string opt : {"adamw", "adam", "sgd", "momentum"}) {
    torch::manual_seed(1);
    const Twins p = random_twins({4, 4});
    OptimizerSettings settings;
    settings.opt = opt;
    Optimizer whole(settings, {{"all", 0.01, 0.1, {{"p", 2, p.ours}}}});
    const auto gradient = [](int step) { return torch::full({4, 4}, std::sin(1.0 + step)); };
    for (int step = 0; step < 3; ++step) {
      p.ours.mutable_grad() = gradient(step);
      whole.step();
    }
    const at::Tensor copy = p.ours.detach().clone().requires_grad_(true);
    Optimizer resumed(settings, {{"all", 0.01, 0.1, {{"p", 2, copy}}}});
    resumed.set_state(whole.state());
    for (int step = 3; step < 6; ++step) {
      p.ours.mutable_grad() = gradient(step);
      copy.mutable_grad() = gradient(step);
      whole.step();
      resumed.step();
    }
    EXPECT_TRUE(p.ours.equal(copy)) << opt;
  }
}

TEST(Optimizer, RefusesAStateOfAnotherModel) {
  const at::Tensor p = torch::ones({2}).requires_grad_(true);
  Optimizer optimizer({}, {{"all", 0.1, 0, {{"p", 1, p}, {"frozen", 1, {}}}}});
  const ParameterState good{1, torch::zeros({2}), torch::zeros({2})};
  EXPECT_NO_THROW(optimizer.set_state({{"p", good}}));
  EXPECT_THROW(optimizer.set_state({{"q", good}}), Error);
  EXPECT_THROW(optimizer.set_state({{"frozen", good}}), Error);
  EXPECT_THROW(optimizer.set_state({{"p", {1, torch::zeros({3}), torch::zeros({2})}}}), Error);
  EXPECT_THROW(optimizer.set_state({{"p", {1, torch::zeros({2}), {}}}}), Error);
  EXPECT_THROW(optimizer.set_state({{"p", {-1, torch::zeros({2}), torch::zeros({2})}}}), Error);
}

TEST(Optimizer, NamesTheMethodsItKnows) {
  try {
    Optimizer({.opt = "adafactor"}, {});
    FAIL() << "expected an Error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("adamw, adam, sgd, nesterov or momentum, got 'adafactor'"));
  }
}

TEST(Optimizer, RefusesSettingsOutOfRange) {
  EXPECT_THROW(Optimizer({.opt_eps = -1}, {}), Error);
  EXPECT_THROW(Optimizer({.opt_betas = {0.9, 1.0}}, {}), Error);
  EXPECT_THROW(Optimizer({.opt = "sgd", .momentum = 0}, {}), Error);
  EXPECT_THROW(Optimizer({}, {{"all", -0.1, 0, {}}}), Error);
  EXPECT_THROW(Optimizer({}, {{"all", 0.1, 0, {{"p", 1, {}}, {"p", 1, {}}}}}), Error);
}

}  // namespace
}  // namespace epalm::train
