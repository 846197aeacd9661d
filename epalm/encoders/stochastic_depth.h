#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "epalm/nn/dropout.h"

namespace epalm::encoders {

// Stochastic depth (arXiv:1603.09382): each entry of x's first dimension becomes zero with probability `rate`, the
// others grow by 1 / (1 - rate). Drawn as nn::dropout draws; x itself where rate is 0.
inline at::Tensor drop_path(const at::Tensor& x, double rate) {
  if (rate <= 0) return x;
  std::vector<int64_t> shape(static_cast<size_t>(x.dim()), 1);
  shape[0] = x.size(0);
  return x * nn::dropout(at::ones(shape, x.options()), rate);
}

}  // namespace epalm::encoders
