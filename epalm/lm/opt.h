#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <vector>

#include "epalm/base/semantics.h"
#include "epalm/lm/opt_cache.h"
#include "epalm/lm/opt_config.h"
#include "epalm/lm/opt_layer.h"
#include "epalm/nn/weights.h"

namespace epalm::lm {

// What a forward pass reads besides the weights.
struct OptInput {
  at::Tensor ids;   // [B,T] int64
  at::Tensor mask;  // [B,T] int64: 1 token, 0 padding; undefined: all tokens
  // [B,T] int64: several texts with one beginning in a row (opt_mask.h); undefined: one text a row.
  at::Tensor branches;
  at::Tensor prompts;  // [N,W] soft tokens put before the text without positions, or undefined
  // slots[i] [B,K,D] goes into the first K rows before layer i: the first one lengthens the sequence, later ones, of
  // the same K, overwrite. Undefined entries, or a vector shorter than L, leave the rows as they are.
  std::vector<at::Tensor> slots;
  std::vector<LayerHooks> hooks;  // of layer i; a shorter vector leaves the layers behind it as they are
  Semantics semantics = kCausal;
  bool training = false;    // dropout and layerdrop as the config says
  bool text_alone = false;  // nobody reads the last states of slots and prompts
  // Remembers the texts of the last pass, which these ids [B,T], mask, prompts and slots continue: only tokens behind
  // the OptCache::text_length() of that pass are computed. No gradients, no training and no branches; slots where
  // reuse() is not kNothing.
  OptCache* cache = nullptr;
  // Called with the input of every layer and, last, with the decoder's output; for tests and probes. With one, the
  // prompts and first tokens of every text are computed; without, what all texts of the batch begin with once, in the
  // layers before the first slot.
  std::function<void(const at::Tensor&)> observe;
};

// OPT (arXiv:2205.01068; SPEC.md §1), with a slot for injected tokens before every layer. Holds handles of its
// weights: cheap to copy, const forward, safe from several threads.
class Opt {
 public:
  Opt(OptConfig config, nn::Weights weights);

  const OptConfig& config() const { return config_; }
  const nn::Weights& weights() const { return weights_; }

  // Last hidden states before the head, [B,S,W] with rows [slots, prompts, text]; text_alone: [B,T,W]; after the first
  // pass with a cache [B,S,W] of the new tokens alone.
  // Throws Error if an id lies outside the vocabulary or the text is longer than the position table.
  at::Tensor hidden(const OptInput& input) const;
  // The tied head: [..., W] -> [..., V].
  at::Tensor head(const at::Tensor& hidden) const { return head_(hidden); }

 private:
  // Of the tokens from `known` on, with the prompts before them if nothing is known.
  at::Tensor embed(const OptInput& input, const at::Tensor& mask, int64_t known) const;
  // How many first rows, prompts and tokens, are the same in every text until the first slot and computed once; none
  // without prompts, because a token or two are not worth it.
  int64_t shared_rows(const OptInput& input, const at::Tensor& mask) const;
  // Begins a pass with input.cache, x being its embeddings. Gives the layer from which on it computes slot rows.
  size_t begin_cached(const OptInput& input, int64_t prompt_rows, const at::Tensor& x) const;

  OptConfig config_;
  nn::Weights weights_;
  std::vector<OptLayer> layers_;
  nn::Linear project_in_, project_out_, head_;
  nn::LayerNorm final_norm_;
};

}  // namespace epalm::lm
