#pragma once

#include <ATen/ATen.h>

#include "epalm/lm/opt_config.h"
#include "epalm/nn/layer_norm.h"
#include "epalm/nn/linear.h"
#include "epalm/nn/weights.h"

namespace epalm::lm {

// One decoder layer (SPEC.md §1.1, step 5). Cheap to copy, const forward.
class OptLayer {
 public:
  OptLayer(const OptConfig& config, const nn::Weights& weights, int64_t index);

  // x [B,S,D], mask additive [B,1,S,S] -> [B,S,D]. training: dropout as the config says.
  at::Tensor operator()(const at::Tensor& x, const at::Tensor& mask, bool training) const;

 private:
  at::Tensor attend(const at::Tensor& x, const at::Tensor& mask, bool training) const;
  at::Tensor feed_forward(const at::Tensor& x) const;

  nn::Linear q_, k_, v_, out_, fc1_, fc2_;
  nn::LayerNorm attention_norm_, final_norm_;
  int64_t heads_;
  bool norm_first_;
  double dropout_, attention_dropout_;
};

}  // namespace epalm::lm
