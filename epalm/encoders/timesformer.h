#pragma once

#include <vector>

#include "epalm/encoders/encoder.h"
#include "epalm/encoders/timesformer_config.h"
#include "epalm/encoders/transformer_block.h"

namespace epalm::encoders {

// TimeSformer (arXiv:2102.05095; SPEC.md §2.2). media, float32 and normalised: clips [B,3,F,H,W] of any length and
// size, pictures [B,3,H,W], shown config.frames times (once with space_only_for_images), or spectrograms [B,T,bins],
// shown as grey pictures whose values go from 0 to 1 over the batch. Where a clip has other frames or another number of
// patches than the tables, these are read at the nearest row; a grid of as many patches in another form reads the table
// as it is, as published. States are [B,1+P·F,Dv]: the CLS, then for every place all frames; of the mean over frames
// with space-only attention, [B,1+P,Dv].
class Timesformer : public Encoder {
 public:
  Timesformer(TimesformerConfig config, nn::Weights weights);

  const TimesformerConfig& config() const { return config_; }
  int64_t width() const override { return config_.width; }
  int64_t depth() const override { return config_.depth; }
  const nn::Weights& weights() const override { return weights_; }
  at::Tensor normalise(const at::Tensor& state) const override { return norm_(state); }

 private:
  // What divided attention has besides a plain block.
  struct TimeAttention {
    SelfAttention attention;
    nn::Linear out;
  };

  void run_blocks(const at::Tensor& media, const ObserveState& observe, bool training, LastRows last) const override;
  at::Tensor as_clip(const at::Tensor& media) const;
  at::Tensor positions(int64_t rows, int64_t columns, at::ScalarType type) const;
  static at::Tensor run_divided(const TransformerBlock& block, const TimeAttention& time, const at::Tensor& x,
                                int64_t frames, double drop_rate, LastRows rows);

  TimesformerConfig config_;
  nn::Weights weights_;
  std::vector<TransformerBlock> blocks_;
  std::vector<TimeAttention> times_;  // one per block; none unless attention is divided
  nn::LayerNorm norm_;
};

}  // namespace epalm::encoders
