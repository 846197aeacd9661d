#pragma once

#include <ATen/ATen.h>

namespace epalm::encoders {

// A convolution of square patches, `stride` pixels apart in both directions: pixels [B,C,H,W], weight [Dv,C,p,p], bias
// [Dv] -> [B,P,Dv], patches row by row. What does not fill a patch at the right and at the bottom is not seen. Throws
// Error for pixels smaller than one patch.
at::Tensor embed_patches(const at::Tensor& pixels, const at::Tensor& weight, const at::Tensor& bias, int64_t stride);

}  // namespace epalm::encoders
