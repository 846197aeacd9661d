#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <memory>

#include "epalm/nn/weights.h"

namespace epalm::encoders {

// A frozen perceptual encoder: media in, one CLS vector per block out. Const forwards are safe from several threads.
class Encoder {
 public:
  virtual ~Encoder() = default;

  virtual int64_t width() const = 0;  // Dv
  virtual int64_t depth() const = 0;  // number of blocks
  virtual const nn::Weights& weights() const = 0;

  // Runs the blocks and hands each block's output [B,1+P,Dv], not yet normalised, to `observe`.
  virtual void run(const at::Tensor& media, const std::function<void(const at::Tensor&)>& observe) const = 0;
  // The final LayerNorm, which the published code applies to every state it returns (SPEC.md §2).
  virtual at::Tensor normalise(const at::Tensor& state) const = 0;

  // The CLS of the last n states, oldest first: [B,n,Dv]. Throws Error if n exceeds the depth.
  at::Tensor cls_states(const at::Tensor& media, int64_t n) const;
};

}  // namespace epalm::encoders
