#pragma once

#include <ATen/ATen.h>

#include <optional>

#include "epalm/nn/linear.h"

namespace epalm::nn {

// second(relu(first(x))) as one node of the graph, bit for bit: what lies between is written once, in bfloat16, as the
// second product takes it, and so is its gradient. Nothing where the plain way is to be taken: for other weights than
// frozen bfloat16 ones, and where the CPU or the sizes do not suit it (bfloat16_products.h). x [...,in] float32 ->
// [...,out] float32.
std::optional<at::Tensor> relu_mlp(const at::Tensor& x, const Linear& first, const Linear& second);

}  // namespace epalm::nn
