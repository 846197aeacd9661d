#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "epalm/nn/weights.h"

namespace epalm::adapter {

// A bottleneck adapter (MAGMA, arXiv:2112.05253; SPEC.md §3.6), the same at one part of every LM layer; field names are
// the keys under adapter_config.mlp and adapter_config.attention.
struct BottleneckConfig {
  std::string adapter_type;       // normal, parallel or scaled_parallel; there is no default
  int64_t downsample_factor = 4;  // the bottleneck is D / downsample_factor wide, rounded down
  bool add_layernorm = false;     // normalise what the bottleneck reads
};

// The key adapter_config: which parts of an LM layer have one.
struct BottleneckPlaces {
  std::optional<BottleneckConfig> mlp{};        // fc2, the second matrix of the feed-forward part
  std::optional<BottleneckConfig> attention{};  // self-attention with its last matrix
};

template <typename Config, typename Visitor>
requires std::same_as<std::remove_const_t<Config>, BottleneckConfig>
void fields(Config& config, Visitor&& visit) {
  visit("adapter_type", config.adapter_type,
        "normal: behind the frozen part; parallel: beside it; scaled_parallel: beside it, times a learnt number");
  visit("downsample_factor", config.downsample_factor, "LM width over the bottleneck's");
  visit("add_layernorm", config.add_layernorm, "normalise what the bottleneck reads");
}

template <typename Config, typename Visitor>
requires std::same_as<std::remove_const_t<Config>, BottleneckPlaces>
void fields(Config& places, Visitor&& visit) {
  visit("mlp", places.mlp, "bottleneck adapters of the feed-forward parts");
  visit("attention", places.attention, "bottleneck adapters of self-attention");
}

// With x the input of the frozen part, y its output, f the bottleneck:
enum class BottleneckKind {
  kNormal,          // y + f(y)
  kParallel,        // y + f(x)
  kScaledParallel,  // y + s f(x), s learnt
};

// Throws Error for another adapter_type; `key` names the config in it.
BottleneckKind bottleneck_kind(const BottleneckConfig& config, const std::string& key = "adapter_config");

// Throws Error naming the key that cannot be, as adapter_config.mlp.downsample_factor.
void validate(const BottleneckPlaces& places);

// Weight table of the bottlenecks of all layers, published names in the published order: layer by layer attention, then
// mlp; in each the scale, LayerNorm, both matrices. lm_width D, ffn_width as ffn_dim. Beside fc2 the bottleneck reads
// ffn_width numbers; the published program builds it for D numbers and crashes where the two differ.
std::vector<nn::WeightSpec> bottleneck_weights(const BottleneckPlaces& places, int64_t lm_width, int64_t ffn_width,
                                               int64_t lm_layers);

// What the names of one bottleneck's weights begin with: "model_text.model.decoder.layers.0.self_attn." and
// "….fc2.1." or, beside fc2, "….fc2.".
std::string attention_scope(int64_t layer);
std::string mlp_scope(int64_t layer, const BottleneckConfig& config);

}  // namespace epalm::adapter
