#include "epalm/train/optimizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/optim.h>

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
  const at::Tensor start = at::randn(shape);
  return {start.clone().requires_grad_(true), start.clone().requires_grad_(true)};
}

struct MethodCase {
  std::string opt;
  std::function<std::unique_ptr<torch::optim::Optimizer>(std::vector<at::Tensor>)> make;
};

class AgainstTorch : public testing::TestWithParam<MethodCase> {};

// libtorch's own optimisers run the same operations in the same order: equality is exact. The rate changes on the way.
TEST_P(AgainstTorch, TrajectoriesAreEqualBitForBit) {
  at::manual_seed(4);
  const Twins matrix = random_twins({7, 33}), vector = random_twins({5});
  OptimizerSettings settings;
  settings.opt = GetParam().opt;
  Optimizer ours(settings, {{"all", kRate, kDecay, {{"matrix", 2, matrix.ours}, {"vector", 1, vector.ours}}}});
  const auto theirs = GetParam().make({matrix.theirs, vector.theirs});
  for (int step = 0; step < 25; ++step) {
    const at::Tensor target = at::randn({7, 33});
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
                               }},
                    MethodCase{"rmsprop",
                               [](std::vector<at::Tensor> p) {
                                 return std::make_unique<torch::optim::RMSprop>(
                                     std::move(p),
                                     torch::optim::RMSpropOptions(kRate).alpha(0.9).momentum(0.9).weight_decay(kDecay));
                               }},
                    MethodCase{"adagrad",
                               [](std::vector<at::Tensor> p) {
                                 return std::make_unique<torch::optim::Adagrad>(
                                     std::move(p), torch::optim::AdagradOptions(kRate).weight_decay(kDecay));
                               }}),
    [](const auto& info) { return info.param.opt; });

struct PublishedCase {
  std::string name;
  OptimizerSettings settings;
  std::vector<float> matrix, vector;
};

class AgainstPublished : public testing::TestWithParam<PublishedCase> {};

// Three steps of the published optim/nadam.py and optim/adafactor.py under torch 1.13, with gradients p (s + 1)/4 -
// 1/8. Within four roundings of float32: the same operations, on kernels that may group a sum of six numbers otherwise.
TEST_P(AgainstPublished, TakesTheSameThreeSteps) {
  at::Tensor matrix = at::tensor({1.0F, -2.0F, 0.5F, 0.25F, 3.0F, -1.0F}).view({2, 3}).requires_grad_(true);
  at::Tensor vector = at::tensor({0.5F, -1.5F}).requires_grad_(true);
  Optimizer optimizer(GetParam().settings, {{"all", 0.05, 0.1, {{"matrix", 2, matrix}, {"vector", 1, vector}}}});
  for (int step = 0; step < 3; ++step) {
    for (at::Tensor* p : {&matrix, &vector}) p->mutable_grad() = p->detach() * (step + 1) / 4 - 0.125;
    optimizer.step();
  }
  const auto close = [](const at::Tensor& ours, const std::vector<float>& theirs) {
    return at::allclose(ours.detach().flatten(), at::tensor(theirs), 4 * 6e-8, 0);
  };
  EXPECT_TRUE(close(matrix, GetParam().matrix)) << matrix;
  EXPECT_TRUE(close(vector, GetParam().vector)) << vector;
}

INSTANTIATE_TEST_SUITE_P(Methods, AgainstPublished,
                         testing::Values(PublishedCase{"nadam",
                                                       {.opt = "nadam"},
                                                       {0.8516809344291687F, -1.8558626174926758F, 0.34825146198272705F,
                                                        0.2140713930130005F, 2.85313081741333F, -0.8578557372093201F},
                                                       {0.34825146198272705F, -1.3565460443496704F}},
                                         PublishedCase{"adafactor",
                                                       {.opt = "adafactor"},
                                                       {0.7569176554679871F, -1.8193714618682861F, 0.4548196792602539F,
                                                        0.26310285925865173F, 2.8115415573120117F, -0.80455482006073F},
                                                       {0.3878838121891022F, -1.3335235118865967F}},
                                         PublishedCase{
                                             "adafactor_with_first_moment",
                                             {.opt = "adafactor", .opt_betas = std::array{0.9, 0.999}},
                                             {0.943334698677063F, -1.9415172338485718F, 0.48761993646621704F,
                                              0.25355422496795654F, 2.9285764694213867F, -0.9502478837966919F},
                                             {0.4772949516773224F, -1.4504700899124146F}}),
                         [](const auto& info) { return info.param.name; });

const std::vector<std::string> kAll{"adamw",   "adam",    "sgd",   "nesterov",  "momentum",
                                    "rmsprop", "adagrad", "nadam", "adafactor", "muon"};

// f(p) = sum of c (p - 1)^2 with curvatures c from 0.1 to 1: every method comes near its minimum.
TEST(Optimizer, EveryMethodDescendsAQuadratic) {
  for (const std::string& opt : kAll) {
    const at::Tensor curvature = at::linspace(0.1, 1, 12).view({3, 4});
    const at::Tensor p = at::zeros({3, 4}).requires_grad_(true);
    const auto value = [&] { return (curvature * (p - 1).pow(2)).sum(); };
    const double start = value().item<double>();
    const double rate = opt == "adagrad" ? 0.3 : opt == "muon" ? 0.1 : 0.02;
    Optimizer optimizer({.opt = opt}, {{"all", rate, 0, {{"p", 2, p}}}});
    for (int step = 0; step < 400; ++step) {
      optimizer.zero_grad();
      value().backward();
      optimizer.groups()[0].lr *= 0.995;  // those that move by the rate's size cannot rest at a fixed one
      optimizer.step();
    }
    EXPECT_LT(value().item<double>(), 0.01 * start) << opt;
  }
}

// One AdamW step from p = 1 with gradient 0.5: p (1 - lr wd), then minus lr g / (|g| + eps').
TEST(Optimizer, AdamWDecaysAndThenMovesByTheRate) {
  const at::Tensor p = at::ones({1}, at::kDouble).requires_grad_(true);
  Optimizer optimizer({}, {{"all", 0.1, 0.5, {{"p", 1, p}}}});
  p.mutable_grad() = at::full({1}, 0.5, at::kDouble);
  optimizer.step();
  // sqrt(v)/sqrt(1-b2) is |g| up to double rounding of a handful of operations.
  EXPECT_NEAR(p.item<double>(), 0.95 - 0.1 * 0.5 / (0.5 + 1e-8), 1e-14);
}

TEST(Optimizer, LeavesParametersWithoutGradientAlone) {
  const at::Tensor idle = at::ones({3}).requires_grad_(true), used = at::ones({3}).requires_grad_(true);
  Optimizer optimizer({}, {{"all", 0.1, 0.5, {{"frozen", 2, {}}, {"idle", 1, idle}, {"used", 1, used}}}});
  used.sum().backward();
  optimizer.step();
  EXPECT_TRUE(idle.equal(at::ones({3})));
  EXPECT_FALSE(used.equal(at::ones({3})));
  EXPECT_EQ(optimizer.state().size(), 1U);
  EXPECT_EQ(optimizer.state().at("used").step, 1);
}

TEST(Optimizer, ZeroedGradientsStillDecay) {
  const at::Tensor p = at::ones({2}).requires_grad_(true);
  Optimizer optimizer({}, {{"all", 0.1, 0.5, {{"p", 1, p}}}});
  p.mutable_grad() = at::zeros({2});
  optimizer.zero_grad();
  optimizer.step();
  EXPECT_TRUE(p.equal(at::ones({2}).mul(0.95)));
}

TEST(Optimizer, ContinuesFromItsStateBitForBit) {
  for (const std::string& opt : kAll) {
    at::manual_seed(1);
    const Twins p = random_twins({4, 4});
    OptimizerSettings settings;
    settings.opt = opt;
    Optimizer whole(settings, {{"all", 0.01, 0.1, {{"p", 2, p.ours}}}});
    const auto gradient = [](int step) { return at::full({4, 4}, std::sin(1.0 + step)); };
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
  const at::Tensor p = at::ones({2}).requires_grad_(true);
  Optimizer optimizer({}, {{"all", 0.1, 0, {{"p", 1, p}, {"frozen", 1, {}}}}});
  const auto state = [](int64_t step, std::map<std::string, at::Tensor> tensors) {
    return ParameterState{.step = step, .tensors = std::move(tensors)};
  };
  const at::Tensor two = at::zeros({2}), three = at::zeros({3});
  const ParameterState good = state(1, {{"exp_avg", two}, {"exp_avg_sq", two}});
  EXPECT_NO_THROW(optimizer.set_state({{"p", good}}));
  EXPECT_THROW(optimizer.set_state({{"q", good}}), Error);
  EXPECT_THROW(optimizer.set_state({{"frozen", good}}), Error);
  EXPECT_THROW(optimizer.set_state({{"p", state(1, {{"exp_avg", three}, {"exp_avg_sq", two}})}}), Error);
  EXPECT_THROW(optimizer.set_state({{"p", state(1, {{"exp_avg", two}})}}), Error);
  EXPECT_THROW(optimizer.set_state({{"p", state(1, {{"exp_avg", two}, {"exp_avg_sq", two}, {"sum", two}})}}), Error);
  EXPECT_THROW(optimizer.set_state({{"p", state(-1, {{"exp_avg", two}, {"exp_avg_sq", two}})}}), Error);
}

TEST(Optimizer, NamesTheMethodsItKnows) {
  try {
    Optimizer({.opt = "lookahead_adam"}, {});
    FAIL() << "expected an Error";
  } catch (const Error& error) {
    EXPECT_THAT(
        error.what(),
        HasSubstr("adamw, adam, sgd, nesterov, momentum, rmsprop, adagrad, nadam, adafactor, muon; got 'lookahead_"));
  }
}

TEST(Optimizer, RefusesSettingsOutOfRange) {
  EXPECT_THROW(Optimizer({.opt_eps = -1}, {}), Error);
  EXPECT_THROW(Optimizer({.opt_betas = std::array{0.9, 1.0}}, {}), Error);
  EXPECT_THROW(Optimizer({.opt = "sgd", .momentum = 0}, {}), Error);
  EXPECT_THROW(Optimizer({}, {{"all", -0.1, 0, {}}}), Error);
  EXPECT_THROW(Optimizer({}, {{"all", 0.1, 0, {{"p", 1, {}}, {"p", 1, {}}}}}), Error);
}

}  // namespace
}  // namespace epalm::train
