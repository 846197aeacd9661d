#pragma once

#include <ATen/ATen.h>

namespace epalm::nn {

// nn::attention of long sequences without mask and dropout, in bfloat16: softmax(scale · q kᵀ) v per head, where the
// operands of both products are rounded to bfloat16, the weights of the softmax among them, and everything else is
// float32. q [B,Tq,H·d], k and v [B,Tk,H·d], float32 or bfloat16 -> [B,Tq,H·d] float32. Some of a head's queries at a
// time, so that no [B,H,Tq,Tk] is held. No autograd.
at::Tensor attention_bfloat16(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t heads,
                              double scale);

}  // namespace epalm::nn
