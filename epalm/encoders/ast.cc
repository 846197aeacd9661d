#include "epalm/encoders/ast.h"

#include "epalm/base/shapes.h"
#include "epalm/encoders/patch_embed.h"

namespace epalm::encoders {

Ast::Ast(AstConfig config, nn::Weights weights) : config_(config), weights_(std::move(weights)) {
  for (int64_t i = 0; i < config_.depth; ++i)
    blocks_.emplace_back(weights_, fmt::format("v.blocks.{}.", i), config_.heads);
  norm_ = nn::LayerNorm(weights_.at("v.norm.weight"), weights_.at("v.norm.bias"), 1e-6);
}

void Ast::run_blocks(const at::Tensor& spectrograms, const ObserveState& observe, bool, LastRows last) const {
  require(
      spectrograms.dim() == 3 && spectrograms.size(1) == config_.frames && spectrograms.size(2) == config_.mel_bins,
      "an AST hears spectrograms [B,{},{}] (frames, bins), got a shape of [{}]; give it sounds, and the target_length "
      "and melbins that it was loaded with",
      config_.frames, config_.mel_bins, fmt::join(spectrograms.sizes(), ","));
  const at::Tensor pictures = spectrograms.unsqueeze(1).transpose(2, 3);  // [B,1,bins,T]
  const at::Tensor patches = embed_patches(pictures, weights_.at("v.patch_embed.proj.weight"),
                                           weights_.at("v.patch_embed.proj.bias"), config_.stride);  // [B,P,Dv]
  const auto row = [&](const char* name) {
    return weights_.at(name).to(patches.scalar_type()).expand({patches.size(0), -1, -1});
  };
  at::Tensor x = at::cat({row("v.cls_token"), row("v.dist_token"), patches}, 1) + row("v.pos_embed");  // [B,2+P,Dv]
  for (const TransformerBlock& block : blocks_) {
    x = block(x, 0, &block == &blocks_.back() ? last : LastRows::kAll);
    observe(x);
  }
}

}  // namespace epalm::encoders
