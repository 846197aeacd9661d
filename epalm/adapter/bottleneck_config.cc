#include "epalm/adapter/bottleneck_config.h"

#include "epalm/base/error.h"

namespace epalm::adapter {
namespace {

constexpr const char *kMlp = "adapter_config.mlp", *kAttention = "adapter_config.attention";

void validate(const std::optional<BottleneckConfig>& config, const std::string& key) {
  if (!config) return;
  bottleneck_kind(*config, key);
  require(config->downsample_factor >= 1, "{}.downsample_factor: expected at least 1, got {}", key,
          config->downsample_factor);
}

// in: width of what the bottleneck reads.
void add_weights(const BottleneckConfig& config, const std::string& key, const std::string& scope, int64_t in,
                 int64_t lm_width, std::vector<nn::WeightSpec>& table) {
  const int64_t narrow = lm_width / config.downsample_factor;
  require(narrow >= 1, "{}.downsample_factor: expected at most {} (the language model's width), got {}", key, lm_width,
          config.downsample_factor);
  int index = 0;  // of the published nn.Sequential, where ReLU counts
  const auto name = [&](const char* tensor) { return fmt::format("{}adapter.{}.{}", scope, index, tensor); };
  if (bottleneck_kind(config) == BottleneckKind::kScaledParallel) {
    table.push_back({scope + "adapter_scale", {1}, nn::Init::kOnes});
  }
  if (config.add_layernorm) {
    table.push_back({name("weight"), {in}, nn::Init::kOnes});
    table.push_back({name("bias"), {in}, nn::Init::kZeros});
    ++index;
  }
  table.push_back({name("weight"), {narrow, in}});
  table.push_back({name("bias"), {narrow}});
  index += 2;
  table.push_back({name("weight"), {lm_width, narrow}});
  table.push_back({name("bias"), {lm_width}});
}

}  // namespace

BottleneckKind bottleneck_kind(const BottleneckConfig& config, const std::string& key) {
  if (config.adapter_type == "normal") return BottleneckKind::kNormal;
  if (config.adapter_type == "parallel") return BottleneckKind::kParallel;
  if (config.adapter_type == "scaled_parallel") return BottleneckKind::kScaledParallel;
  fail("{}.adapter_type: expected 'normal', 'parallel' or 'scaled_parallel', got '{}'", key, config.adapter_type);
}

void validate(const BottleneckPlaces& places) {
  validate(places.mlp, kMlp);
  validate(places.attention, kAttention);
}

std::string attention_scope(int64_t layer) {
  return fmt::format("model_text.model.decoder.layers.{}.self_attn.", layer);
}

std::string mlp_scope(int64_t layer, const BottleneckConfig& config) {
  const bool behind = bottleneck_kind(config) == BottleneckKind::kNormal;
  return fmt::format("model_text.model.decoder.layers.{}.fc2.{}", layer, behind ? "1." : "");
}

std::vector<nn::WeightSpec> bottleneck_weights(const BottleneckPlaces& places, int64_t lm_width, int64_t ffn_width,
                                               int64_t lm_layers) {
  validate(places);
  std::vector<nn::WeightSpec> table;
  for (int64_t layer = 0; layer < lm_layers; ++layer) {
    if (places.attention) add_weights(*places.attention, kAttention, attention_scope(layer), lm_width, lm_width, table);
    if (!places.mlp) continue;
    const int64_t in = bottleneck_kind(*places.mlp) == BottleneckKind::kNormal ? lm_width : ffn_width;
    add_weights(*places.mlp, kMlp, mlp_scope(layer, *places.mlp), in, lm_width, table);
  }
  return table;
}

}  // namespace epalm::adapter
