#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <memory>

#include "epalm/nn/weights.h"

namespace epalm::encoders {

// Gets the output of one block, [B,1+P,Dv], not yet normalised; row 0 is the CLS.
using ObserveState = std::function<void(const at::Tensor&)>;

// What is read of the last block: where that is the CLS, its output is [B,1,Dv].
enum class LastRows { kAll, kCls };

// A frozen perceptual encoder: media in, one CLS vector per block out, or every token of the last one. What media are
// is each encoder's to say: pixels [B,3,H,W], clips [B,3,F,H,W] or spectrograms [B,T,bins]. Const forwards are safe
// from several threads.
class Encoder {
 public:
  virtual ~Encoder() = default;

  virtual int64_t width() const = 0;  // Dv
  virtual int64_t depth() const = 0;  // number of blocks
  virtual const nn::Weights& weights() const = 0;

  // Runs the blocks, first to last. training: with the stochastic depth that the architecture was made with, drawn from
  // libtorch's default generator. Throws Error for media of a kind or size that this encoder does not take.
  void run(const at::Tensor& media, const ObserveState& observe, bool training = false) const {
    run_blocks(media, observe, training, LastRows::kAll);
  }
  // The final LayerNorm, which the published code applies to every state it returns (SPEC.md §2).
  virtual at::Tensor normalise(const at::Tensor& state) const = 0;

  // The CLS of the last n states, oldest first: [B,n,Dv]. Throws Error if n exceeds the depth.
  at::Tensor cls_states(const at::Tensor& media, int64_t n, bool training = false) const;
  // Every token of the last state, the CLS first: [B,K,Dv].
  at::Tensor last_tokens(const at::Tensor& media, bool training = false) const;

 private:
  virtual void run_blocks(const at::Tensor& media, const ObserveState& observe, bool training, LastRows last) const = 0;
};

}  // namespace epalm::encoders
