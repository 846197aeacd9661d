#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <vector>

namespace epalm::nn {

// While one lives, a block that this thread computes keeps its input alone until the backward pass, which computes the
// block anew: the memory of one block in place of all, for a second forward pass. Outputs and gradients are the same
// bit for bit.
class RecomputedBlocks {
 public:
  explicit RecomputedBlocks(bool recomputed = true);
  ~RecomputedBlocks();
  RecomputedBlocks(const RecomputedBlocks&) = delete;
  RecomputedBlocks& operator=(const RecomputedBlocks&) = delete;

 private:
  bool before_;
};

// compute(x): a block of a network, which is one node of the graph under RecomputedBlocks. weights: all that compute
// reads and that may be trained; what is missing there gets no gradient. compute is called again by the thread of the
// backward pass: it owns what it reads and draws as dropout.h does. Blocks of other devices than the CPU, whose draws
// could not be repeated, are never computed anew.
at::Tensor block(const at::Tensor& x, const std::vector<at::Tensor>& weights,
                 const std::function<at::Tensor(const at::Tensor&)>& compute);

}  // namespace epalm::nn
