#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace epalm::nn {

constexpr double kUnit = 1.0 / (1 << 24);         // unit roundoff of float32
constexpr double kBfloat16Unit = 1.0 / (1 << 8);  // unit roundoff of bfloat16

inline at::Tensor uniform(at::IntArrayRef sizes, uint64_t seed) {
  at::manual_seed(seed);
  return at::rand(sizes) * 2 - 1;
}

// The product in float64, which serves as exact: its error is 2^-29 of what is allowed to float32.
struct ExactProduct {
  at::Tensor value;
  at::Tensor bound;  // of the error of the same product summed in float32, in any order

  // Summing K products and a bias rounds at most K + 1 times, each time by at most one unit of a partial sum of
  // absolute values: |error| <= (K + 1) u (|a| |b| + |bias|), and (1 + u)^(K + 1) - 1 stays below twice its first term.
  ExactProduct(const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias = {}) {
    const at::Tensor left = a.detach().to(at::kDouble), right = b.detach().to(at::kDouble);
    value = left.matmul(right);
    bound = left.abs().matmul(right.abs());
    if (bias.defined()) {
      value = value + bias.detach().to(at::kDouble);
      bound = bound + bias.detach().to(at::kDouble).abs();
    }
    bound = bound * (2 * static_cast<double>(left.size(-1) + 1) * kUnit);
  }
};

// How far each number of x [M,K] moves at most when it becomes a multiple of the scale with which the largest of its 64
// neighbours is 127. float64 [M,K]
inline at::Tensor moved_in_groups(const at::Tensor& x) {
  constexpr int64_t kGroup = 64;
  const int64_t groups = (x.size(1) + kGroup - 1) / kGroup;
  const at::Tensor padded = at::constant_pad_nd(x.detach().to(at::kDouble).abs(), {0, groups * kGroup - x.size(1)}, 0);
  const at::Tensor largest = padded.view({x.size(0), groups, kGroup}).amax(2, true);
  return (largest * (0.5 / 127 + 4 * kUnit)).expand({-1, -1, kGroup}).reshape(padded.sizes()).narrow(1, 0, x.size(1));
}

inline void expect_within(const at::Tensor& got, const at::Tensor& exact, const at::Tensor& bound) {
  ASSERT_EQ(got.sizes(), exact.sizes());
  const at::Tensor error = (got.detach().to(at::kDouble) - exact).abs();
  EXPECT_TRUE((error <= bound).all().item<bool>()) << "errors\n" << error << "\nbounds\n" << bound;
}

inline void expect_exact_within_float32(const at::Tensor& got, const ExactProduct& exact) {
  EXPECT_EQ(got.scalar_type(), at::kFloat);
  expect_within(got, exact.value, exact.bound);
}

}  // namespace epalm::nn
