#pragma once

#include <vector>

#include "epalm/encoders/encoder.h"
#include "epalm/encoders/transformer_block.h"
#include "epalm/encoders/vit_config.h"

namespace epalm::encoders {

// Vision Transformer (arXiv:2010.11929; SPEC.md §2.1). media: pixels [B,3,S,S] float32, normalised.
class Vit : public Encoder {
 public:
  Vit(VitConfig config, nn::Weights weights);

  const VitConfig& config() const { return config_; }
  int64_t width() const override { return config_.width; }
  int64_t depth() const override { return config_.depth; }
  const nn::Weights& weights() const override { return weights_; }
  at::Tensor normalise(const at::Tensor& state) const override { return norm_(state); }

 private:
  void run_blocks(const at::Tensor& pixels, const ObserveState& observe, bool training, LastRows last) const override;

  VitConfig config_;
  nn::Weights weights_;
  std::vector<TransformerBlock> blocks_;
  nn::LayerNorm norm_;
};

}  // namespace epalm::encoders
