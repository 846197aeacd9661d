#pragma once

#include <ATen/ATen.h>

#include "epalm/nn/product.h"

namespace epalm::nn {

// bfloat16_product() (bfloat16_products.h) in tiles. Only where has_tile_kernels() (tile_kernels.h); without AMX panels
// are faster.
at::Tensor tile_product(const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias = {},
                        Finish finish = Finish::kNone, const at::Tensor& positive = {});

}  // namespace epalm::nn
