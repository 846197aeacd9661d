#include "epalm/model/trainable.h"

#include <algorithm>

namespace epalm::model {

bool is_trainable(const std::string& name, const TrainableParts& parts) {
  const auto has = [&](const char* word) { return name.find(word) != std::string::npos; };
  return has("prompt") || (has("connector") && !parts.freeze_connector) ||
         (parts.unfreeze_text_layer_norm && (has("self_attn_layer_norm") || has("final_layer_norm"))) ||
         (parts.unfreeze_vision_layer_norm && has("norm")) || (parts.unfreeze_text_model && has("model_text")) ||
         (parts.unfreeze_vision_model && has("model_vision")) || has("adapter");
}

void mark_trainable(const EPalm& model, const TrainableParts& parts) {
  for (auto& [name, tensor] : model.parameters()) tensor.set_requires_grad(is_trainable(name, parts));
}

int64_t layers_reached(const EPalm& model) {
  const adapter::AdapterConfig& adapter = model.adapter().config();
  const int64_t layers = model.lm().config().num_hidden_layers;
  const auto& weights = model.lm().weights().items();
  const bool trains =
      std::any_of(weights.begin(), weights.end(), [](const auto& w) { return w.second.requires_grad(); });
  if (trains || adapter.prompt_tuning || adapter.use_adapters) return layers;
  const auto plan = adapter::injection_plan(adapter, layers);
  return plan.end() - std::find_if(plan.begin(), plan.end(), [](int64_t state) { return state >= 0; });
}

ParameterCounts count_parameters(const EPalm& model) {
  ParameterCounts counts;
  for (const auto& [name, tensor] : model.parameters()) {
    counts.total += tensor.numel();
    if (tensor.requires_grad()) counts.trained += tensor.numel();
  }
  return counts;
}

}  // namespace epalm::model
