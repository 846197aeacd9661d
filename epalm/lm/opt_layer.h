#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <vector>

#include "epalm/lm/opt_config.h"
#include "epalm/nn/attention.h"
#include "epalm/nn/layer_norm.h"
#include "epalm/nn/linear.h"
#include "epalm/nn/shared_beginning.h"
#include "epalm/nn/weights.h"

namespace epalm::lm {

// What a layer goes on with in place of a part's output: a function of the part's input and output, row by row.
using PartHook = std::function<at::Tensor(const at::Tensor& input, const at::Tensor& output)>;

// Hooks of one layer, where something trained stands beside or behind its frozen parts; an empty one leaves the part as
// it is. They see the part before dropout and residual.
struct LayerHooks {
  PartHook attention;               // self-attention with its last matrix: [B,S,D], [B,S,D] -> [B,S,D]
  PartHook fc2;                     // second matrix of the feed-forward part: [B,S,ffn_dim], [B,S,D] -> [B,S,D]
  std::vector<at::Tensor> weights;  // all that the hooks read and that may be trained
};

// Where a layer keeps keys and values between passes over sequences that grow.
struct LayerCache {
  nn::KeptRows kept;
  int64_t front = 0;  // so many of the pass's rows stand at the first positions, the others at the last
};

// What a layer with frozen weights and no hooks keeps for each row of a sequence until its backward pass: the inputs of
// its norms, with their mean and deviation, queries, keys and values, and what ReLU let through (half of that in
// nn::relu_mlp()); the masks of dropout, and attention weights where they drop out too. sequence: S. Recomputed
// (nn/recompute.h), it keeps D numbers.
int64_t kept_bytes_per_row(const OptConfig& config, int64_t sequence, bool training);

// One decoder layer (SPEC.md §1.1, step 5), a block of nn/recompute.h. Cheap to copy, const forward.
class OptLayer {
 public:
  OptLayer(const OptConfig& config, const nn::Weights& weights, int64_t index);

  // x [B,S,D], mask additive [B,1,S,S] -> [B,S,D]. training: dropout as the config says. With a cache, which is
  // without gradients, x holds the rows of this pass only and attends to all that are kept: mask [B,1,S,positions].
  // unread: so many of the first rows are only attended to; x [B,S,D], mask [B,1,S-unread,…] -> [B,S-unread,D].
  at::Tensor operator()(const at::Tensor& x, const at::Tensor& mask, bool training, const LayerHooks& hooks = {},
                        const LayerCache* cache = nullptr, int64_t unread = 0) const;
  // The same without dropout for sequences of one beginning: x [1,N+B·T,D], mask [B,1,N+T,N+T].
  at::Tensor operator()(const at::Tensor& x, const at::Tensor& mask, const LayerHooks& hooks,
                        const nn::SharedBeginning& beginning) const;

 private:
  // From queries, keys and values to what the layer's last matrix of self-attention reads.
  using Attend = std::function<at::Tensor(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v)>;

  at::Tensor block(const at::Tensor& x, const Attend& attend, bool training, const LayerHooks& hooks,
                   int64_t unread) const;
  // grows: without gradients, so that what a part has just computed is changed in place.
  at::Tensor compute(const at::Tensor& x, const Attend& attend, bool training, const LayerHooks& hooks, int64_t unread,
                     bool grows) const;
  at::Tensor self_attention(const at::Tensor& x, const Attend& attend, const PartHook& hook, int64_t unread) const;
  at::Tensor feed_forward(const at::Tensor& x, const PartHook& hook, bool grows) const;

  nn::Linear q_, k_, v_, out_, fc1_, fc2_;
  nn::LayerNorm attention_norm_, final_norm_;
  std::vector<at::Tensor> weights_;  // all of these
  int64_t heads_;
  double scale_;  // of attention's scores
  bool norm_first_;
  double dropout_, attention_dropout_;
};

}  // namespace epalm::lm
