#pragma once

#include <ATen/ATen.h>

namespace epalm::nn {

// So many products of numbers -127 … 127 add up to less than 2^31.
inline constexpr int64_t kMostInt8Terms = 1 << 17;

// Whether this CPU adds up products of 8-bit integers faster than those of bfloat16 and without losing a bit of them:
// AVX-512 VNNI or AMX, in a build with oneDNN. ONEDNN_MAX_CPU_ISA counts.
bool adds_up_int8();

// a bᵀ: a [M,K] and b [N,K] int8, -127 … 127, K at most kMostInt8Terms -> int32 [M,N], exact. No autograd.
at::Tensor int8_sums(const at::Tensor& a, const at::Tensor& b);

}  // namespace epalm::nn
