#pragma once

#include <ATen/ATen.h>

#include <string>

#include "epalm/adapter/bottleneck_config.h"
#include "epalm/nn/layer_norm.h"
#include "epalm/nn/linear.h"

namespace epalm::adapter {

// One bottleneck adapter at a frozen part of an LM layer (SPEC.md §3.6): f is [LayerNorm,] Linear, ReLU, Linear. Holds
// handles of its weights: cheap to copy, const forward.
class Bottleneck {
 public:
  // Weights whose names begin with `scope`.
  Bottleneck(const BottleneckConfig& config, const nn::Weights& weights, const std::string& scope);

  // Input and output of the frozen part, [..., in] and [..., D] -> what the layer goes on with, [..., D].
  at::Tensor operator()(const at::Tensor& input, const at::Tensor& output) const;

 private:
  BottleneckKind kind_;
  nn::LayerNorm norm_;
  nn::Linear down_, up_;
  at::Tensor scale_;  // [1], where learnt
};

}  // namespace epalm::adapter
