#include "epalm/encoders/vit.h"

#include "epalm/base/shapes.h"
#include "epalm/encoders/patch_embed.h"

namespace epalm::encoders {

Vit::Vit(VitConfig config, nn::Weights weights) : config_(config), weights_(std::move(weights)) {
  for (int64_t i = 0; i < config_.depth; ++i)
    blocks_.emplace_back(weights_, fmt::format("blocks.{}.", i), config_.heads);
  norm_ = nn::LayerNorm(weights_.at("norm.weight"), weights_.at("norm.bias"), 1e-6);
}

void Vit::run_blocks(const at::Tensor& pixels, const ObserveState& observe, bool, LastRows last) const {
  check_shape(pixels, {kAny, 3, config_.image_size_px, config_.image_size_px}, "ViT pixels");
  const at::Tensor patches = embed_patches(pixels, weights_.at("patch_embed.proj.weight"),
                                           weights_.at("patch_embed.proj.bias"), config_.patch_size_px);  // [B,P,Dv]
  const at::Tensor cls = weights_.at("cls_token").to(patches.scalar_type()).expand({pixels.size(0), -1, -1});
  at::Tensor x = at::cat({cls, patches}, 1) + weights_.at("pos_embed").to(patches.scalar_type());  // [B,1+P,Dv]
  for (const TransformerBlock& block : blocks_) {
    x = block(x, 0, &block == &blocks_.back() ? last : LastRows::kAll);
    observe(x);
  }
}

}  // namespace epalm::encoders
