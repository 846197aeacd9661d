#pragma once

#include <ATen/ATen.h>

#include "epalm/nn/product.h"

namespace epalm::nn {

// Whether tile_product() can compute a b, and sooner than other ways: oneDNN is as fast where the CPU has no AMX.
bool suits_tiles(const at::Tensor& a, const at::Tensor& b);
bool suits_tiles(const at::Tensor& b);  // with any a of the right type

// product() of bfloat16 matrices with AMX or AVX-512 BF16, without a library: a [M,K], which may be float32 and is
// rounded then, b [K,N] with one of its strides 1 -> as product() says. No autograd. Only where has_tile_kernels()
// (tile_kernels.h). positive: where this [M,N], bfloat16 and contiguous, is not above 0, a rounded product becomes 0.
at::Tensor tile_product(const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias = {},
                        Finish finish = Finish::kNone, const at::Tensor& positive = {});

}  // namespace epalm::nn
