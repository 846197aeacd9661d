#pragma once

#include <ATen/ATen.h>

#include "epalm/nn/product.h"

namespace epalm::nn {

// Whether bfloat16_product() can compute a b, and sooner than a library.
bool suits_bfloat16_products(const at::Tensor& a, const at::Tensor& b);
bool suits_bfloat16_products(const at::Tensor& b);  // with any a of the right type

// product() of bfloat16 matrices without a library, with AMX (tile_products.h) or else in panels with AVX-512 BF16
// (panel_products.h): a [M,K], which may be float32 and is rounded then, b [K,N] with one of its strides 1 -> as
// product() says. No autograd. positive: where this [M,N], bfloat16 and contiguous, is not above 0, a rounded product
// becomes 0.
at::Tensor bfloat16_product(const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias = {},
                            Finish finish = Finish::kNone, const at::Tensor& positive = {});

// The same in panels, for processors without AMX.
at::Tensor panel_product(const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias = {},
                         Finish finish = Finish::kNone, const at::Tensor& positive = {});

}  // namespace epalm::nn
