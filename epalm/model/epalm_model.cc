#include "epalm/model/epalm_model.h"

#include "epalm/model/loss.h"

namespace epalm::model {

adapter::FrozenSizes frozen_sizes(const lm::OptConfig& lm, int64_t encoder_width) {
  return {.encoder_width = encoder_width,
          .lm_width = lm.hidden_size,
          .embed_width = lm.word_embed_proj_dim,
          .ffn_width = lm.ffn_dim,
          .lm_layers = lm.num_hidden_layers};
}

at::Tensor features_for(const adapter::AdapterConfig& config, const encoders::Encoder& encoder, const at::Tensor& media,
                        bool drops_out) {
  return config.all_tokens() ? encoder.last_tokens(media, drops_out)
                             : encoder.cls_states(media, config.injected_hidden_states, drops_out);
}

EPalm::EPalm(lm::Opt lm, std::shared_ptr<const encoders::Encoder> encoder, adapter::Adapter adapter,
             Semantics semantics)
    : lm_(std::move(lm)), encoder_(std::move(encoder)), adapter_(std::move(adapter)), semantics_(semantics) {
  for (const auto& [attention, mlp, weights] : adapter_.bottlenecks(lm_.config().num_hidden_layers)) {
    lm::LayerHooks& hooks = hooks_.emplace_back();
    if (attention) hooks.attention = *attention;
    if (mlp) hooks.fc2 = *mlp;
    hooks.weights = weights;
  }
}

at::Tensor EPalm::features(const at::Tensor& media, bool training) const {
  return features_for(adapter_.config(), *encoder_, media, training && semantics_.frozen_parts_drop_out);
}

std::vector<at::Tensor> EPalm::slots(const at::Tensor& features) const {
  if (!features.defined()) return {};
  return adapter_.slots(features, lm_.config().num_hidden_layers);
}

lm::OptInput EPalm::input(std::vector<at::Tensor> slots, const at::Tensor& ids, const at::Tensor& mask) const {
  lm::OptInput input;
  input.ids = ids;
  input.mask = mask;
  input.prompts = adapter_.prompts();
  input.slots = std::move(slots);
  input.hooks = hooks_;
  input.semantics = semantics_;
  return input;
}

at::Tensor EPalm::hidden(const at::Tensor& features, const at::Tensor& ids, const at::Tensor& mask) const {
  return lm_.hidden(input(slots(features), ids, mask));
}

at::Tensor EPalm::logits(const at::Tensor& features, const at::Tensor& ids, const at::Tensor& mask) const {
  return lm_.head(hidden(features, ids, mask));
}

at::Tensor EPalm::next_token_logits(const at::Tensor& features, const at::Tensor& ids, const at::Tensor& mask) const {
  return next_token_logits_injecting(slots(features), ids, mask);
}

at::Tensor EPalm::next_token_logits_injecting(const std::vector<at::Tensor>& slots, const at::Tensor& ids,
                                              const at::Tensor& mask, lm::OptCache* cache) const {
  lm::OptInput growing = input(slots, ids, mask);
  growing.cache = cache;
  growing.text_alone = true;
  const at::Tensor states = lm_.hidden(growing);  // with a cache of the new tokens alone
  const int64_t text = ids.size(1);
  if (semantics_.generate_after_padding || !mask.defined()) return lm_.head(states.select(1, states.size(1) - 1));
  const at::Tensor last = (at::arange(text, mask.options()) * mask).argmax(1) + (states.size(1) - text);  // [B]
  const at::Tensor index = last.view({-1, 1, 1}).expand({-1, 1, states.size(2)});
  return lm_.head(states.gather(1, index).squeeze(1));
}

at::Tensor EPalm::loss(const at::Tensor& features, const at::Tensor& ids, const at::Tensor& mask,
                       const at::Tensor& labels, bool training, const at::Tensor& branches) const {
  // The last token predicts nothing, and only perceptual rows that see all text see it.
  const int64_t text = ids.size(1), read = semantics_.perceptual_row_sees_all || text < 2 ? text : text - 1;
  const auto to_read = [&](const at::Tensor& x) { return x.defined() ? x.slice(1, 0, read) : x; };
  lm::OptInput whole = input(slots(features), to_read(ids), to_read(mask));
  whole.training = training && semantics_.frozen_parts_drop_out;
  whole.branches = to_read(branches);
  whole.text_alone = true;
  return sequence_loss(lm_, lm_.hidden(whole), labels, branches);
}

std::vector<std::pair<std::string, at::Tensor>> EPalm::parameters() const {
  std::vector<std::pair<std::string, at::Tensor>> result;
  const auto& trained = adapter_.weights().items();
  size_t next = 0;
  const auto add_trained = [&](const std::string& scope) {
    while (next < trained.size() && trained[next].first.starts_with(scope)) result.push_back(trained[next++]);
  };
  for (const auto& [name, tensor] : lm_.weights().items()) {
    const std::string full = "model_text." + name;
    const auto before = [&](const char* end) { return full.substr(0, full.rfind(end)); };
    if (name.ends_with(".self_attn.k_proj.weight")) add_trained(before("k_proj"));
    if (name.ends_with(".fc2.weight")) add_trained(before("weight") + "adapter");
    result.emplace_back(full, tensor);
    if (name.ends_with(".fc2.bias")) add_trained(before("bias"));
  }
  for (const auto& [name, tensor] : encoder_->weights().items()) result.emplace_back("model_vision." + name, tensor);
  add_trained("");
  return result;
}

}  // namespace epalm::model
