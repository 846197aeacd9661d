#include "epalm/adapter/adapter.h"

#include "epalm/base/shapes.h"

namespace epalm::adapter {

Adapter::Adapter(AdapterConfig config, nn::Weights weights) : config_(config), weights_(std::move(weights)) {
  validate(config_);
  const auto linear = [&](const std::string& name) { return nn::Linear(weights_, name); };
  for (int64_t j = 0; j < config_.connectors(); ++j) connectors_.push_back(linear(fmt::format("connector.{}", j)));
  if (config_.prompt_tuning && config_.mlp) {
    prompt_in_ = linear("prompt_module.prefix_embedding.1");
    prompt_out_ = linear("prompt_module.prefix_embedding.3");
  }
}

std::vector<at::Tensor> Adapter::slots(const at::Tensor& features, int64_t lm_layers) const {
  const bool all = config_.all_tokens();  // of one state
  check_shape(features, {kAny, all ? kAny : config_.injected_hidden_states, connectors_[0].in_features()}, "features");
  std::vector<at::Tensor> tokens(static_cast<size_t>(config_.injected_hidden_states));
  std::vector<at::Tensor> slots(static_cast<size_t>(lm_layers));
  const auto plan = injection_plan(config_, lm_layers);
  for (size_t layer = 0; layer < plan.size(); ++layer) {
    if (plan[layer] < 0) continue;
    at::Tensor& token = tokens[static_cast<size_t>(plan[layer])];
    if (!token.defined()) {
      const nn::Linear& connector = connectors_[config_.shared_connector ? 0 : static_cast<size_t>(plan[layer])];
      token = connector(all ? features : features.slice(1, plan[layer], plan[layer] + 1));  // [B,K,D]
    }
    slots[layer] = token;
  }
  return slots;
}

at::Tensor Adapter::prompts() const {
  if (!config_.prompt_tuning) return {};
  const at::Tensor rows = weights_.at("prompt_module.prefix_embedding.0.weight");
  return config_.mlp ? prompt_out_(at::tanh(prompt_in_(rows))) : rows;
}

std::vector<LayerBottlenecks> Adapter::bottlenecks(int64_t lm_layers) const {
  std::vector<LayerBottlenecks> layers;
  const auto& [mlp, attention] = config_.adapter_config;
  for (int64_t i = 0; config_.use_adapters && i < lm_layers; ++i) {
    LayerBottlenecks& layer = layers.emplace_back();
    const auto add = [&](std::optional<Bottleneck>& bottleneck, const BottleneckConfig& config,
                         const std::string& scope) {
      bottleneck.emplace(config, weights_, scope);
      const auto own = weights_.in_scope(scope);
      layer.weights.insert(layer.weights.end(), own.begin(), own.end());
    };
    if (attention) add(layer.attention, *attention, attention_scope(i));
    if (mlp) add(layer.mlp, *mlp, mlp_scope(i, *mlp));
  }
  return layers;
}

}  // namespace epalm::adapter
