#include "epalm/encoders/patch_embed.h"

#include "epalm/base/shapes.h"
#include "epalm/nn/linear.h"

namespace epalm::encoders {

at::Tensor embed_patches(const at::Tensor& pixels, const at::Tensor& weight, const at::Tensor& bias, int64_t stride) {
  check_shape(pixels, {kAny, weight.size(1), kAny, kAny}, "patches' pixels");
  const int64_t p = weight.size(2);
  require(pixels.size(2) >= p && pixels.size(3) >= p,
          "the encoder sees patches of {}x{}, but got {}x{}; give a larger picture or a longer sound", p, p,
          pixels.size(2), pixels.size(3));
  const at::Tensor windows = pixels.unfold(2, p, stride).unfold(3, p, stride);  // [B,C,rows,columns,p,p]
  const at::Tensor patches = windows.permute({0, 2, 3, 1, 4, 5})
                                 .reshape({pixels.size(0), windows.size(2) * windows.size(3), weight.size(1) * p * p});
  return nn::Linear(weight.flatten(1), bias)(patches);
}

}  // namespace epalm::encoders
