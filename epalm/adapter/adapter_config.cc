#include "epalm/adapter/adapter_config.h"

#include <algorithm>

#include "epalm/base/error.h"

namespace epalm::adapter {

void validate(const AdapterConfig& config) {
  require(config.encoder_tokens == "cls" || config.encoder_tokens == "all",
          "encoder_tokens: expected 'cls' or 'all', got '{}'", config.encoder_tokens);
  require(!config.all_tokens() || config.injected_hidden_states == 1,
          "encoder_tokens: 'all' are those of the last state; expected injected_hidden_states: 1 beside it, got {}",
          config.injected_hidden_states);
  require(config.injected_hidden_states >= 1, "injected_hidden_states: expected at least 1, got {}",
          config.injected_hidden_states);
  require(config.start_layer_idx >= 0 && config.end_layer_idx >= config.start_layer_idx,
          "start_layer_idx {} and end_layer_idx {}: expected 0 <= start <= end", config.start_layer_idx,
          config.end_layer_idx);
  require(config.text_step >= 1, "text_step: expected at least 1, got {}", config.text_step);
  require(!config.prompt_tuning || (config.prompt_len >= 1 && config.prompt_len <= 100'000),
          "prompt_len: expected 1..100000, got {}", config.prompt_len);
  require(!config.use_adapters || config.adapter_config.mlp || config.adapter_config.attention,
          "use_adapters: expected adapter_config beside it with mlp or attention or both, got neither");
  validate(config.adapter_config);
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

}  // namespace epalm::adapter
