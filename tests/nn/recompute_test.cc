#include "epalm/nn/recompute.h"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/function.h>

#include <stdexcept>
#include <thread>

#include "epalm/nn/dropout.h"
#include "epalm/nn/linear.h"
#include "tests/nn/allocated.h"

namespace epalm::nn {
namespace {

constexpr int64_t kWidth = 16;

at::Tensor leaf(std::vector<int64_t> shape, uint64_t seed, bool trained = true) {
  at::manual_seed(seed);
  return at::randn(shape).requires_grad_(trained);
}

struct Network {
  at::Tensor x = leaf({5, kWidth}, 1), weight = leaf({kWidth, kWidth}, 2), bias = leaf({kWidth}, 3);
  at::Tensor frozen = leaf({kWidth, kWidth}, 4, false);
  int computed = 0;

  // Draws twice; x flows through two ways, as past the parts of a layer.
  at::Tensor compute(const at::Tensor& input) {
    ++computed;
    const at::Tensor inner = at::relu(dropout(Linear(weight, bias)(input), 0.3));
    return input + dropout(Linear(frozen, {})(inner), 0.3);
  }
  // Two blocks, one after the other.
  at::Tensor operator()() {
    const auto one = [this](const at::Tensor& input) { return compute(input); };
    return block(block(x, {weight, bias, frozen}, one), {weight, bias, frozen}, one);
  }
};

struct Results {
  at::Tensor y, dx, dw, db, next_draws;
  int computed;
};

Results results(bool recomputed, bool x_trains = true, bool weights_train = true) {
  Network network;
  network.x.requires_grad_(x_trains);
  network.weight.requires_grad_(weights_train);
  network.bias.requires_grad_(weights_train);
  seed_dropout(5);
  at::Tensor y;
  {
    const RecomputedBlocks blocks(recomputed);
    y = network();
  }
  dropout(at::ones({3}), 0.5);  // something else draws before the backward pass
  y.backward(leaf({5, kWidth}, 6, false));
  return {y.detach(),      network.x.grad(), network.weight.grad(), network.bias.grad(), dropout(at::ones({50}), 0.5),
          network.computed};
}

void expect_equal(const at::Tensor& a, const at::Tensor& b) {
  ASSERT_EQ(a.defined(), b.defined());
  EXPECT_TRUE(!a.defined() || at::equal(a, b));
}

TEST(RecomputedBlocks, GiveTheSameOutputsGradientsAndDrawsBitForBit) {
  for (const auto& [x_trains, weights_train] : {std::pair(true, true), {true, false}, {false, true}}) {
    const Results kept = results(false, x_trains, weights_train), anew = results(true, x_trains, weights_train);
    EXPECT_EQ(kept.computed, 2);
    EXPECT_EQ(anew.computed, 4);
    EXPECT_EQ(anew.dx.defined(), x_trains);
    EXPECT_EQ(anew.dw.defined(), weights_train);
    expect_equal(anew.y, kept.y);
    expect_equal(anew.dx, kept.dx);
    expect_equal(anew.dw, kept.dw);
    expect_equal(anew.db, kept.db);
    expect_equal(anew.next_draws, kept.next_draws);
  }
}

TEST(RecomputedBlocks, KeepTheirInputAndWhereTheDrawsStood) {
  for (const int64_t rows : {10, 1000}) {
    const at::Tensor x = leaf({rows, kWidth}, 1), weight = leaf({kWidth, kWidth}, 2, false);
    const Allocated allocated;
    const int64_t draws = dropout_state().numel();
    const RecomputedBlocks blocks;
    const at::Tensor y = block(
        x + 1, {}, [=](const at::Tensor& input) { return Linear(weight, {})(at::relu(Linear(weight, {})(input))); });
    EXPECT_EQ(allocated.bytes(), 2 * 4 * rows * kWidth + draws);  // input and output
  }
}

TEST(RecomputedBlocks, AreComputedOnceWhereNobodyAsksForGradients) {
  const RecomputedBlocks blocks;
  Network network;
  {
    const at::NoGradGuard no_gradients;
    EXPECT_FALSE(network().requires_grad());
  }
  for (at::Tensor* tensor : {&network.x, &network.weight, &network.bias}) tensor->requires_grad_(false);
  EXPECT_FALSE(network().requires_grad());
  EXPECT_EQ(network.computed, 4);
}

TEST(RecomputedBlocks, AreThoseOfTheirThreadUntilTheyEnd) {
  const auto node = [] {
    const at::Tensor x = leaf({1}, 1);
    return block(x, {}, [](const at::Tensor& input) { return input * 2; }).grad_fn()->name();
  };
  const std::string plain = node();
  const RecomputedBlocks outer;
  const std::string recomputed = node();
  EXPECT_NE(recomputed, plain);
  {
    const RecomputedBlocks inner(false);
    EXPECT_EQ(node(), plain);
  }
  EXPECT_EQ(node(), recomputed);
  std::thread([&] { EXPECT_EQ(node(), plain); }).join();
}

TEST(RecomputedBlocks, GoBackTwiceWhereTheGraphIsKeptAndOnceWhereNot) {
  const RecomputedBlocks blocks;
  Network network;
  const at::Tensor y = network().sum();
  y.backward({}, true);
  const at::Tensor once = network.x.grad().clone();
  y.backward();
  expect_equal(network.x.grad(), once * 2);
  EXPECT_THROW(y.backward(), std::exception);
}

TEST(RecomputedBlocks, RefuseWeightsThatHaveChanged) {
  const RecomputedBlocks blocks;
  Network network;
  const at::Tensor y = network().sum();
  {
    const at::NoGradGuard no_gradients;
    network.weight.add_(1);
  }
  EXPECT_THROW(y.backward(), std::exception);
}

TEST(RecomputedBlocks, ThatFailBackwardsLeaveTheDrawsWhereTheyStood) {
  const RecomputedBlocks blocks;
  seed_dropout(5);
  int computed = 0;
  const at::Tensor y = block(leaf({4}, 1), {}, [&](const at::Tensor& input) {
    const at::Tensor dropped = dropout(input, 0.5);
    if (++computed == 2) throw std::runtime_error("out of something");
    return dropped;
  });
  const at::Tensor before = dropout_state();
  EXPECT_THROW(y.sum().backward(), std::exception);
  EXPECT_TRUE(at::equal(dropout_state(), before));
}

}  // namespace
}  // namespace epalm::nn
