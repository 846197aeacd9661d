#include "epalm/model/trainable.h"

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

ParameterCounts count_parameters(const EPalm& model) {
  ParameterCounts counts;
  for (const auto& [name, tensor] : model.parameters()) {
    counts.total += tensor.numel();
    if (tensor.requires_grad()) counts.trained += tensor.numel();
  }
  return counts;
}

}  // namespace epalm::model
