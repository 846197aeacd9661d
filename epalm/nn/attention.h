#pragma once

#include <ATen/ATen.h>

namespace epalm::nn {

// softmax(q kᵀ + mask) v per head, heads side by side in the last dimension.
// q [B,Tq,H·d] already scaled, k and v [B,Tk,H·d] -> [B,Tq,H·d]. mask: additive, broadcastable to [B,H,Tq,Tk], or
// undefined. dropout: probability on the attention weights, 0 outside training.
at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t heads,
                     const at::Tensor& mask, double dropout = 0.0);

}  // namespace epalm::nn
