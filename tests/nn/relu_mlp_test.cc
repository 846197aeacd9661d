#include "epalm/nn/relu_mlp.h"

#include "epalm/nn/tile_kernels.h"
#include "tests/nn/rounding.h"

namespace epalm::nn {
namespace {

constexpr int64_t kRows = 40, kIn = 256, kInner = 512;

Linear linear(int64_t out, int64_t in, uint64_t seed) {
  return {uniform({out, in}, seed).to(at::kBFloat16), uniform({out}, seed + 1)};
}

class ReluMlps : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_tile_kernels()) GTEST_SKIP() << "this CPU has neither AMX nor AVX-512 BF16";
  }

  const Linear first_ = linear(kInner, kIn, 1), second_ = linear(kIn, kInner, 3);
};

TEST_F(ReluMlps, GiveTheStatesAndGradientsOfTheirPartsBitForBit) {
  const at::Tensor x = uniform({4, kRows, kIn}, 5), dy = uniform({4, kRows, kIn}, 6);
  const at::Tensor plain = x.clone().requires_grad_(), fused = x.clone().requires_grad_();
  const at::Tensor expected = second_(at::relu(first_(plain)));
  const auto got = relu_mlp(fused, first_, second_);
  ASSERT_TRUE(got);
  EXPECT_TRUE(at::equal(*got, expected));
  expected.backward(dy);
  got->backward(dy);
  EXPECT_TRUE(at::equal(fused.grad(), plain.grad()));
}

TEST_F(ReluMlps, LeaveWhatDoesNotSuitToTheParts) {
  EXPECT_TRUE(relu_mlp(uniform({kRows, kIn}, 1), first_, second_));
  EXPECT_FALSE(relu_mlp(uniform({1, kIn}, 1), first_, second_)) << "few rows";
  EXPECT_FALSE(relu_mlp(uniform({0, kIn}, 1), first_, second_)) << "no rows";
  EXPECT_FALSE(relu_mlp(uniform({kRows, kIn}, 1).to(at::kDouble), first_, second_));
  const Linear small = linear(64, kIn, 1), back = linear(kIn, 64, 1);
  EXPECT_FALSE(relu_mlp(uniform({kRows, kIn}, 1), small, back)) << "small";
  const Linear exact(uniform({kInner, kIn}, 1), {});
  EXPECT_FALSE(relu_mlp(uniform({kRows, kIn}, 1), exact, second_)) << "float32";
  const Linear trained(uniform({kInner, kIn}, 1).to(at::kBFloat16).requires_grad_(), {});
  EXPECT_FALSE(relu_mlp(uniform({kRows, kIn}, 1), trained, second_)) << "trained";
}

}  // namespace
}  // namespace epalm::nn
