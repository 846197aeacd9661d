#pragma once

#include <ATen/ATen.h>

namespace epalm::nn {

// softmax(scale · q kᵀ + mask) v per head, heads side by side in the last dimension.
// q [B,Tq,H·d], k and v [B,Tk,H·d] -> [B,Tq,H·d]. mask: additive, broadcastable to [B,H,Tq,Tk], or undefined. dropout:
// probability on the attention weights, 0 outside training. Of few keys head by head (short_attention.h), in blocks
// where that can be (attention_blocks.h).
at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t heads,
                     const at::Tensor& mask, double scale = 1.0, double dropout = 0.0);

// The same of q already scaled, in libtorch's own operators: the plain twin.
at::Tensor attention_plain(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t heads,
                           const at::Tensor& mask, double dropout = 0.0);

// Keys and values of sequences that grow, in memory set aside for C positions of R sequences. Layout [C,R,H·d]: a new
// position of all sequences is one block. Sequences that began alike share rows: only the index tells them apart, so
// reordering them moves no key or value.
struct KeptRows {
  at::Tensor keys, values;  // [C,R,H·d]
  at::Tensor index;         // [B,Tk] int64: position p of sequence b stands in [p, index[b,p]]
};

// Puts k and v [B,T,H·d] at positions first … first + T-1 of rows 0 … B-1. No autograd.
void keep(const KeptRows& kept, const at::Tensor& k, const at::Tensor& v, int64_t first);

// attention() over the keys and values that the index names. q [B,Tq,H·d] already scaled, mask broadcastable to
// [B,H,Tq,Tk]. No autograd. float32 on the CPU reads them where they lie; anything else gathers them first.
at::Tensor attention(const at::Tensor& q, const KeptRows& kept, int64_t heads, const at::Tensor& mask);

// The same by gathering, then attention(): the plain twin.
at::Tensor attention_gathered(const at::Tensor& q, const KeptRows& kept, int64_t heads, const at::Tensor& mask);

}  // namespace epalm::nn
