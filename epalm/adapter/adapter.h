#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <vector>

#include "epalm/adapter/adapter_config.h"
#include "epalm/adapter/bottleneck.h"
#include "epalm/nn/linear.h"

namespace epalm::adapter {

// The bottlenecks of one LM layer, where there are any.
struct LayerBottlenecks {
  std::optional<Bottleneck> attention, mlp;
  std::vector<at::Tensor> weights;  // of both
};

// Everything that eP-ALM trains: the connectors, the soft prompt and, where asked for, bottleneck adapters
// (arXiv:2303.11403, §3; SPEC.md §3.1–3.3, §3.6).
class Adapter {
 public:
  Adapter(AdapterConfig config, nn::Weights weights);

  const AdapterConfig& config() const { return config_; }
  const nn::Weights& weights() const { return weights_; }

  // features [B,n,Dv], or [B,K,Dv] with all tokens -> for each LM layer the tokens [B,1,D], or [B,K,D], to put into the
  // first rows before it, or an undefined tensor.
  std::vector<at::Tensor> slots(const at::Tensor& features, int64_t lm_layers) const;
  // Soft tokens [N,W], or an undefined tensor without prompt tuning.
  at::Tensor prompts() const;
  // One entry for each LM layer, or an empty vector without bottleneck adapters.
  std::vector<LayerBottlenecks> bottlenecks(int64_t lm_layers) const;

 private:
  AdapterConfig config_;
  nn::Weights weights_;
  std::vector<nn::Linear> connectors_;
  nn::Linear prompt_in_, prompt_out_;
};

}  // namespace epalm::adapter
