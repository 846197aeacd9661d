#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdint>
#include <optional>

namespace epalm::nn {

constexpr int64_t kBlockScores = 1 << 16;  // of a block, held at once: they stay in a core's second-level cache

// How many of a head's queries make up a block: at least 16 where there are so many.
inline int64_t queries_of_a_block(int64_t queries, int64_t keys) {
  return std::clamp<int64_t>(kBlockScores / keys, std::min<int64_t>(queries, 16), queries);
}

// Whether all are float32 on the CPU, hold something, and no gradient reaches the mask, which may be undefined.
inline bool is_float32_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                 const at::Tensor& mask) {
  const auto usable = [](const at::Tensor& x) {
    return x.device().is_cpu() && x.scalar_type() == at::kFloat && x.numel() > 0;
  };
  return usable(q) && usable(k) && usable(v) && (!mask.defined() || (usable(mask) && !mask.requires_grad()));
}

// nn::attention without dropout, and its gradients, for float32 on the CPU: a few heads and queries at a time, so that
// no [B,H,Tq,Tk] is ever held and scores stay in the cache; the backward pass computes them anew. Nothing for other
// tensors, for a mask with a gradient, and in a build without oneDNN.
std::optional<at::Tensor> attention_in_blocks(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                              int64_t heads, const at::Tensor& mask);

}  // namespace epalm::nn
