#pragma once

#include <ATen/ATen.h>

#include <optional>

#include "epalm/nn/shared_beginning.h"

namespace epalm::nn {

// attention() without dropout, and its gradients, of up to kShortKeys keys, for float32 on the CPU and heads whose
// width is a multiple of kLanes (vectors.h): one head after the other (attention_head.h), where products so small are
// over before a library has been called. Also of sequences with one beginning, as shared_beginning.h has it. Nothing
// for other tensors and for a mask with a gradient.
inline constexpr int64_t kShortKeys = 128;
std::optional<at::Tensor> short_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t heads,
                                          const at::Tensor& mask, double scale = 1,
                                          const SharedBeginning& beginning = {});

}  // namespace epalm::nn
