#pragma once

#include <string>
#include <vector>

#include "epalm/model/epalm_model.h"

namespace epalm::model {

// Which parts train besides connectors, prompt and bottleneck adapters; field names are the keys of the published
// configs.
struct TrainableParts {
  bool freeze_connector = false;
  bool unfreeze_text_layer_norm = false;
  bool unfreeze_vision_layer_norm = false;  // by substring, so it reaches the LM's norms too (SPEC.md §3.7)
  bool unfreeze_text_model = false;
  bool unfreeze_vision_model = false;
};

template <typename Parts, typename Visitor>
void fields(Parts& parts, Visitor&& visit) {
  visit("freeze_connector", parts.freeze_connector, "keep the connectors as they start");
  visit("unfreeze_text_layer_norm", parts.unfreeze_text_layer_norm, "train the LM's layer norms");
  visit("unfreeze_vision_layer_norm", parts.unfreeze_vision_layer_norm, "train every layer norm, the LM's included");
  visit("unfreeze_text_model", parts.unfreeze_text_model, "train the whole LM");
  visit("unfreeze_vision_model", parts.unfreeze_vision_model, "train the whole encoder");
}

// Does the parameter of this published name train (SPEC.md §3.7)?
bool is_trainable(const std::string& name, const TrainableParts& parts);

// Sets requires_grad on every parameter of the model by that rule.
void mark_trainable(const EPalm& model, const TrainableParts& parts);

// Of the LM's layers, the last so many pass gradients on: down to the lowest place where something trains, by the
// requires_grad marks of the LM and the places of the adapter.
int64_t layers_reached(const EPalm& model);

struct ParameterCounts {
  int64_t total = 0;
  int64_t trained = 0;
  double trained_percent() const {
    return total == 0 ? 0 : 100.0 * static_cast<double>(trained) / static_cast<double>(total);
  }
};
// Counts numbers, by the requires_grad marks.
ParameterCounts count_parameters(const EPalm& model);

}  // namespace epalm::model
