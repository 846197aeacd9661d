#include "epalm/adapter/adapter_config.h"

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <cmath>

#include "epalm/base/error.h"

namespace epalm::adapter {

void validate(const AdapterConfig& config) {
  require(config.injected_hidden_states >= 1, "injected_hidden_states: expected at least 1, got {}",
          config.injected_hidden_states);
  require(config.start_layer_idx >= 0 && config.end_layer_idx >= config.start_layer_idx,
          "start_layer_idx {} and end_layer_idx {}: expected 0 <= start <= end", config.start_layer_idx,
          config.end_layer_idx);
  require(config.text_step >= 1, "text_step: expected at least 1, got {}", config.text_step);
  require(!config.prompt_tuning || (config.prompt_len >= 1 && config.prompt_len <= 100'000),
          "prompt_len: expected 1..100000, got {}", config.prompt_len);
}

std::vector<int64_t> injection_plan(const AdapterConfig& config, int64_t layers) {
  validate(config);
  const int64_t n = config.injected_hidden_states;
  const int64_t range = config.end_layer_idx - config.start_layer_idx;
  const int64_t step = n > 1 && range > n ? range / n : 1;
  const int64_t text_step = config.select_higher_step ? std::max(step, config.text_step) : config.text_step;
  std::vector<int64_t> plan(static_cast<size_t>(layers), -1);
  for (int64_t i = config.start_layer_idx; i < std::min(config.end_layer_idx, layers); ++i) {
    if (i % text_step == 0) plan[static_cast<size_t>(i)] = std::min((i - config.start_layer_idx) / step, n - 1);
  }
  return plan;
}

std::vector<nn::WeightSpec> adapter_weights(const AdapterConfig& config, int64_t encoder_width, int64_t lm_width,
                                            int64_t embed_width) {
  std::vector<nn::WeightSpec> table;
  for (int64_t j = 0; j < config.connectors(); ++j) {
    table.push_back({fmt::format("connector.{}.weight", j), {lm_width, encoder_width}});
    table.push_back({fmt::format("connector.{}.bias", j), {lm_width}});
  }
  if (config.prompt_tuning) {
    const std::string prompt = "prompt_module.prefix_embedding.";
    table.push_back({prompt + "0.weight", {config.prompt_len, embed_width}});
    for (const char* layer : {"1", "3"}) {
      if (!config.mlp) continue;
      table.push_back({prompt + layer + ".weight", {embed_width, embed_width}});
      table.push_back({prompt + layer + ".bias", {embed_width}});
    }
  }
  return table;
}

nn::Weights random_adapter(const AdapterConfig& config, int64_t encoder_width, int64_t lm_width, int64_t embed_width,
                           uint64_t seed) {
  auto generator = at::detail::createCPUGenerator(seed);
  nn::Weights weights;
  for (const auto& spec : adapter_weights(config, encoder_width, lm_width, embed_width)) {
    at::Tensor tensor = at::empty(spec.shape);
    if (spec.name.ends_with("prefix_embedding.0.weight")) {
      tensor.normal_(0.0, 1.0, generator);
    } else {
      const double inputs = static_cast<double>(spec.name.starts_with("connector") ? encoder_width : embed_width);
      tensor.uniform_(-1 / std::sqrt(inputs), 1 / std::sqrt(inputs), generator);
    }
    weights.add(spec.name, tensor);
  }
  return weights;
}

}  // namespace epalm::adapter
