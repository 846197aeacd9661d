#pragma once

#include <vector>

#include "epalm/encoders/ast_config.h"
#include "epalm/encoders/encoder.h"
#include "epalm/encoders/transformer_block.h"

namespace epalm::encoders {

// Audio spectrogram transformer (arXiv:2104.01778; SPEC.md §2.3). media: log-mel spectrograms [B,T,bins] float32,
// normalised, of exactly config.frames and config.mel_bins. States are [B,2+P,Dv]: the CLS, a second one from
// distillation that eP-ALM does not use, then patches with time running fastest.
class Ast : public Encoder {
 public:
  Ast(AstConfig config, nn::Weights weights);

  const AstConfig& config() const { return config_; }
  int64_t width() const override { return config_.width; }
  int64_t depth() const override { return config_.depth; }
  const nn::Weights& weights() const override { return weights_; }
  at::Tensor normalise(const at::Tensor& state) const override { return norm_(state); }

 private:
  void run_blocks(const at::Tensor& spectrograms, const ObserveState& observe, bool training,
                  LastRows last) const override;

  AstConfig config_;
  nn::Weights weights_;
  std::vector<TransformerBlock> blocks_;
  nn::LayerNorm norm_;
};

}  // namespace epalm::encoders
