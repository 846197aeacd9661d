#include "epalm/encoders/vit.h"

#include "epalm/base/shapes.h"

namespace epalm::encoders {

Vit::Vit(VitConfig config, nn::Weights weights) : config_(config), weights_(std::move(weights)) {
  for (int64_t i = 0; i < config_.depth; ++i)
    blocks_.emplace_back(weights_, fmt::format("blocks.{}.", i), config_.heads);
  norm_ = nn::LayerNorm(weights_.at("norm.weight"), weights_.at("norm.bias"), 1e-6);
}

// A convolution whose stride is its size is a linear layer on flattened patches.
at::Tensor Vit::embed_patches(const at::Tensor& pixels) const {
  const int64_t p = config_.patch_size_px;
  const int64_t g = config_.grid();
  const at::Tensor patches =
      pixels.reshape({-1, 3, g, p, g, p}).permute({0, 2, 4, 1, 3, 5}).reshape({-1, g * g, 3 * p * p});
  return nn::Linear(weights_.at("patch_embed.proj.weight").flatten(1),
                    weights_.at("patch_embed.proj.bias"))(patches);  // [B,P,Dv]
}

void Vit::run(const at::Tensor& pixels, const std::function<void(const at::Tensor&)>& observe) const {
  check_shape(pixels, {kAny, 3, config_.image_size_px, config_.image_size_px}, "ViT pixels");
  const at::Tensor patches = embed_patches(pixels);
  const at::Tensor cls = weights_.at("cls_token").to(patches.scalar_type()).expand({pixels.size(0), -1, -1});
  at::Tensor x = at::cat({cls, patches}, 1) + weights_.at("pos_embed").to(patches.scalar_type());  // [B,1+P,Dv]
  for (const TransformerBlock& block : blocks_) {
    x = block(x);
    observe(x);
  }
}

}  // namespace epalm::encoders
