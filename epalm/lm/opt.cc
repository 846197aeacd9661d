#include "epalm/lm/opt.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "epalm/base/shapes.h"
#include "epalm/lm/opt_mask.h"
#include "epalm/nn/dropout.h"
#include "epalm/nn/shared_beginning.h"

namespace epalm::lm {

Opt::Opt(OptConfig config, nn::Weights weights) : config_(std::move(config)), weights_(std::move(weights)) {
  const std::string root = "model.decoder.";
  for (int64_t i = 0; i < config_.num_hidden_layers; ++i) layers_.emplace_back(config_, weights_, i);
  if (config_.has_projection()) {
    project_in_ = nn::Linear(weights_, root + "project_in");
    project_out_ = nn::Linear(weights_, root + "project_out");
  }
  if (config_.has_final_layer_norm()) {
    final_norm_ =
        nn::LayerNorm(weights_.at(root + "final_layer_norm.weight"), weights_.at(root + "final_layer_norm.bias"), 1e-5);
  }
  head_ = nn::Linear(weights_, root + "embed_tokens");
}

at::Tensor Opt::embed(const OptInput& input, const at::Tensor& mask, int64_t known) const {
  const std::string root = "model.decoder.";
  const at::Tensor rows = input.branches.defined() ? branch_position_rows(mask, input.branches) : position_rows(mask);
  const int64_t length = input.branches.defined() ? rows.max().item<int64_t>() - 1 : input.ids.size(1);
  require(length <= config_.max_position_embeddings,
          "the text has {} tokens, the language model's position table ends at {}; shorten the question", length,
          config_.max_position_embeddings);
  if (input.ids.numel() > 0) {
    const int64_t low = input.ids.min().item<int64_t>();
    const int64_t high = input.ids.max().item<int64_t>();
    require(low >= 0 && high < config_.vocab_size,
            "token id {} lies outside the language model's vocabulary of {}; the tokenizer belongs to another model",
            low < 0 ? low : high, config_.vocab_size);
  }
  const auto compute = input.prompts.defined() ? input.prompts.scalar_type() : at::kFloat;
  at::Tensor x = weights_.rows(root + "embed_tokens.weight").select(input.ids.slice(1, known)).to(compute);  // [B,T,W]
  const int64_t prompt_rows = input.prompts.defined() && known == 0 ? input.prompts.size(0) : 0;
  if (prompt_rows > 0) {
    check_shape(input.prompts, {prompt_rows, config_.word_embed_proj_dim}, "prompts");
    x = at::cat({input.prompts.unsqueeze(0).expand({x.size(0), -1, -1}), x}, 1);  // [B,N+T,W]
  }
  if (config_.has_projection()) x = project_in_(x);  // [B,N+T,D]
  at::Tensor positions = at::embedding(weights_.at(root + "embed_positions.weight"), rows.slice(1, known)).to(compute);
  if (prompt_rows > 0) positions = at::constant_pad_nd(positions, {0, 0, prompt_rows, 0}, 0);
  x = x + positions;
  return input.training ? nn::dropout(x, config_.dropout) : x;
}

at::Tensor Opt::hidden(const OptInput& input) const {
  check_shape(input.ids, {kAny, kAny}, "input ids");
  const at::Tensor mask = input.mask.defined() ? input.mask : at::ones_like(input.ids);
  check_shape(mask, {input.ids.size(0), input.ids.size(1)}, "attention mask");
  if (input.branches.defined()) check_shape(input.branches, {input.ids.size(0), input.ids.size(1)}, "branches");

  const int64_t prompt_rows = input.prompts.defined() ? input.prompts.size(0) : 0;
  const int64_t known = input.cache != nullptr ? input.cache->text_length() : 0;
  at::Tensor x = embed(input, mask, known);
  // The layer from which on a pass computes slot rows; before it they are known from an earlier one.
  const size_t computes_slots = input.cache != nullptr ? begin_cached(input, prompt_rows, x) : 0;
  at::Tensor attention_mask = text_attention_mask(mask, prompt_rows, x.size(1));
  if (input.branches.defined()) {
    attention_mask = hide_other_branches(attention_mask, at::constant_pad_nd(input.branches, {prompt_rows, 0}, 0));
  }
  // Until a slot is filled, what all texts begin with has seen nothing but itself.
  std::optional<nn::SharedBeginning> shared;
  if (const int64_t rows = shared_rows(input, mask); rows > 0) {
    shared = {.rows = rows, .sequences = x.size(0)};
    x = shared->shared(x);
  }
  const int64_t tokens = input.ids.size(1) - known;  // of this pass
  int64_t slot_rows = 0;                             // K, once the first slot is filled
  int64_t own_slots = 0;                             // the same where x holds them
  const auto fills = [&](size_t layer) { return layer < input.slots.size() && input.slots[layer].defined(); };
  for (size_t i = 0; i < layers_.size(); ++i) {
    if (fills(i)) {
      if (shared) x = std::exchange(shared, {})->repeated(x);
      check_shape(input.slots[i], {x.size(0), slot_rows > 0 ? slot_rows : kAny, config_.hidden_size},
                  "injected tokens");
      if (slot_rows == 0) {
        slot_rows = input.slots[i].size(1);
        attention_mask = with_perceptual_rows(attention_mask, slot_rows, input.semantics);
      }
      if (i >= computes_slots) {
        x = at::cat({input.slots[i], x.slice(1, own_slots)}, 1);  // [B,K+N+T,D]
        own_slots = slot_rows;
      }
    }
    if (input.observe) input.observe(x);
    if (input.training && nn::happens(config_.layerdrop)) continue;
    const LayerHooks hooks = i < input.hooks.size() ? input.hooks[i] : LayerHooks();
    if (shared) {
      x = layers_[i](x, attention_mask, hooks, *shared);
      continue;
    }
    std::optional<LayerCache> cache;
    if (input.cache != nullptr) cache = {input.cache->layer(i, slot_rows > 0, own_slots > 0), own_slots};
    const bool ends = i + 1 == layers_.size(), overwritten = !ends && fills(i + 1);
    const int64_t unread = overwritten ? own_slots : ends && input.text_alone ? x.size(1) - tokens : 0;
    x = layers_[i](x, attention_mask.slice(2, slot_rows - own_slots + unread), input.training, hooks,
                   cache ? &*cache : nullptr, unread);
    if (overwritten) own_slots = 0;
  }
  if (shared) x = shared->repeated(x);
  if ((input.text_alone || known > 0) && x.size(1) > tokens) x = x.slice(1, x.size(1) - tokens);
  if (final_norm_.defined()) x = final_norm_(x);
  if (config_.has_projection()) x = project_out_(x);  // [B,S,W]
  if (input.observe) input.observe(x);
  return x;
}

int64_t Opt::shared_rows(const OptInput& input, const at::Tensor& mask) const {
  const bool drops_out =
      input.training && (config_.dropout > 0 || config_.attention_dropout > 0 || config_.layerdrop > 0);
  const int64_t tokens = input.ids.size(1);
  if (!input.prompts.defined() || input.ids.size(0) == 1 || input.cache != nullptr || drops_out || input.observe ||
      tokens == 0) {
    return 0;
  }
  at::Tensor same = mask.logical_and(input.ids == input.ids.slice(0, 0, 1));  // [B,T]
  if (input.branches.defined()) same = same.logical_and(input.branches == input.branches.slice(0, 0, 1));
  const at::Tensor so_far = at::cumprod(same.all(0), 0, at::kLong).slice(0, 0, tokens - 1);  // each keeps a row
  return input.prompts.size(0) + so_far.sum().item<int64_t>();
}

size_t Opt::begin_cached(const OptInput& input, int64_t prompt_rows, const at::Tensor& x) const {
  EPALM_ASSERT(!input.training && !input.branches.defined() && !at::GradMode::is_enabled());
  std::vector<bool> has_slot(layers_.size(), false);
  int64_t slot_rows = 0;
  for (size_t i = 0; i < std::min(layers_.size(), input.slots.size()); ++i) {
    has_slot[i] = input.slots[i].defined();
    if (has_slot[i]) slot_rows = input.slots[i].size(1);
  }
  const Reuse what = reuse(has_slot, input.semantics);
  EPALM_ASSERT(what != Reuse::kNothing);
  const bool first = input.cache->text_length() == 0;
  input.cache->begin(config_, slot_rows, prompt_rows, input.ids.size(0), input.ids.size(1), x);
  if (first) return 0;
  return what == Reuse::kEverything ? layers_.size() : layers_.size() - 2;
}

}  // namespace epalm::lm
