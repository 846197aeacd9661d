#pragma once

#include <ATen/ATen.h>

#include <optional>

namespace epalm::nn {

// nn::attention without dropout, and its gradients, for float32 on the CPU: a few heads and queries at a time, so that
// no [B,H,Tq,Tk] is ever held and scores stay in the cache; the backward pass computes them anew. Nothing for other
// tensors, for a mask with a gradient, and in a build without oneDNN.
std::optional<at::Tensor> attention_in_blocks(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                              int64_t heads, const at::Tensor& mask);

}  // namespace epalm::nn
