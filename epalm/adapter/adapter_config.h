#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "epalm/adapter/bottleneck_config.h"

namespace epalm::adapter {

// What is trained and where it enters the language model. Field names are the keys of the published configs (SPEC.md
// §9).
struct AdapterConfig {
  std::string encoder_tokens = "cls";  // what of a state is injected: its CLS, or "all" its tokens, of the last state
  int64_t injected_hidden_states = 1;  // n: CLS of the last n encoder states
  bool shared_connector = false;       // one connector for all states; false: one each
  int64_t start_layer_idx = 0;         // first layer that may receive a perceptual token
  int64_t end_layer_idx = 0;           // one past the last; 0,0: nothing is injected
  int64_t text_step = 1;               // inject only before layers whose index is a multiple of this
  bool select_higher_step = false;     // text_step = max(text_step, layers per state)
  bool prompt_tuning = false;          // train soft tokens put before the text
  int64_t prompt_len = 10;             // N, where prompt_tuning
  bool mlp = true;                     // pass the prompt through Linear, tanh, Linear
  bool use_adapters = false;           // bottleneck adapters in the LM's layers
  BottleneckPlaces adapter_config;     // which, where use_adapters

  bool all_tokens() const { return encoder_tokens == "all"; }
  int64_t connectors() const { return shared_connector ? 1 : injected_hidden_states; }
};

// Calls visit(name, field, what it means) for every field: the one list behind config files, help and checkpoints.
template <typename Config, typename Visitor>
requires std::same_as<std::remove_const_t<Config>, AdapterConfig>
void fields(Config& config, Visitor&& visit) {
  visit("encoder_tokens", config.encoder_tokens, "cls of each injected state, or all tokens of the last state");
  visit("injected_hidden_states", config.injected_hidden_states, "CLS of the last n encoder states");
  visit("shared_connector", config.shared_connector, "one connector for all states");
  visit("start_layer_idx", config.start_layer_idx, "first LM layer that may receive a perceptual token");
  visit("end_layer_idx", config.end_layer_idx, "one past the last such layer; 0 and 0: nothing is injected");
  visit("text_step", config.text_step, "inject before layers whose index is a multiple of this");
  visit("select_higher_step", config.select_higher_step, "text_step = max(text_step, layers per state)");
  visit("prompt_tuning", config.prompt_tuning, "train soft tokens put before the text");
  visit("prompt_len", config.prompt_len, "number of soft tokens");
  visit("mlp", config.mlp, "pass the prompt through Linear, tanh, Linear");
  visit("use_adapters", config.use_adapters, "bottleneck adapters in the LM's layers, as adapter_config says");
  visit("adapter_config", config.adapter_config, "which bottleneck adapters, with use_adapters");
}

// Throws Error naming the field that cannot be.
void validate(const AdapterConfig& config);

// For every LM layer the index of the state whose token is put into row 0 before it, or -1 (SPEC.md §3.3).
std::vector<int64_t> injection_plan(const AdapterConfig& config, int64_t layers);

}  // namespace epalm::adapter
