#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <string>
#include <vector>

#include "epalm/adapter/adapter.h"
#include "epalm/adapter/adapter_weights.h"
#include "epalm/base/semantics.h"
#include "epalm/encoders/encoder.h"
#include "epalm/lm/opt.h"

namespace epalm::model {

// What the adapter between these two needs to know of them.
adapter::FrozenSizes frozen_sizes(const lm::OptConfig& lm, int64_t encoder_width);

// The CLS of the encoder's last n states, [B,n,Dv], or every token of the last one, [B,K,Dv], as the adapter's
// encoder_tokens says. media as the encoder wants it. drops_out: with the encoder's stochastic depth.
at::Tensor features_for(const adapter::AdapterConfig& config, const encoders::Encoder& encoder, const at::Tensor& media,
                        bool drops_out);

// A frozen language model with eyes or ears (arXiv:2303.11403; SPEC.md §3): one forward pass for training, evaluation
// and generation. Copies share their weights. Const methods are safe from several threads.
class EPalm {
 public:
  EPalm(lm::Opt lm, std::shared_ptr<const encoders::Encoder> encoder, adapter::Adapter adapter, Semantics semantics);

  // features_for() the adapter. training: with the encoder's stochastic depth where the semantics say so.
  at::Tensor features(const at::Tensor& media, bool training = false) const;

  // Hidden states before the head, [B,S,W]; rows [perceptual, prompts, text]. features undefined: text only.
  // ids, mask [B,T] int64.
  at::Tensor hidden(const at::Tensor& features, const at::Tensor& ids, const at::Tensor& mask) const;
  // [B,S,V] float32.
  at::Tensor logits(const at::Tensor& features, const at::Tensor& ids, const at::Tensor& mask) const;
  // Logits of the row that predicts the token to append, [B,V]: the last row under reference semantics, the row of the
  // last real token otherwise.
  at::Tensor next_token_logits(const at::Tensor& features, const at::Tensor& ids, const at::Tensor& mask) const;
  // The same with what slots() gives, and with a cache as OptInput::cache.
  at::Tensor next_token_logits_injecting(const std::vector<at::Tensor>& slots, const at::Tensor& ids,
                                         const at::Tensor& mask, lm::OptCache* cache = nullptr) const;
  // The tokens that features inject before each layer of the LM (Adapter::slots). features undefined: none.
  std::vector<at::Tensor> slots(const at::Tensor& features) const;
  // [B]: see sequence_loss. labels [B,T], kIgnore where nothing is to be predicted. training: the frozen parts drop out
  // where the semantics say so. branches: see lm::OptInput::branches; the perceptual rows and the prompts belong to
  // every one.
  at::Tensor loss(const at::Tensor& features, const at::Tensor& ids, const at::Tensor& mask, const at::Tensor& labels,
                  bool training = false, const at::Tensor& branches = {}) const;

  const lm::Opt& lm() const { return lm_; }
  const encoders::Encoder& encoder() const { return *encoder_; }
  const adapter::Adapter& adapter() const { return adapter_; }
  const Semantics& semantics() const { return semantics_; }

  // Every parameter under its published name and in the published order: model_text.*, model_vision.*, connector.*,
  // prompt_module.*. Bottleneck adapters stand within model_text.*, where the published program wraps them around
  // self_attn and fc2; the LM's own tensors keep the names that they have without adapters.
  std::vector<std::pair<std::string, at::Tensor>> parameters() const;

 private:
  lm::OptInput input(std::vector<at::Tensor> slots, const at::Tensor& ids, const at::Tensor& mask) const;

  lm::Opt lm_;
  std::shared_ptr<const encoders::Encoder> encoder_;
  adapter::Adapter adapter_;
  Semantics semantics_;
  std::vector<lm::LayerHooks> hooks_;  // the adapter's bottlenecks
};

}  // namespace epalm::model
