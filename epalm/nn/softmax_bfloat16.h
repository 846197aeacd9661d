#pragma once

#include <ATen/ATen.h>

namespace epalm::nn {

// softmax(scale · scores) of each row, rounded to bfloat16: what a product in bfloat16 takes. scores [N,K] float32,
// contiguous, overwritten; scale > 0 -> [N,K] bfloat16. In one thread: a block of attention is one thread's.
at::Tensor softmax_bfloat16(const at::Tensor& scores, float scale);

}  // namespace epalm::nn
