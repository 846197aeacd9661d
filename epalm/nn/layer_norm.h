#pragma once

#include <ATen/ATen.h>

#include <utility>

namespace epalm::nn {

// Normalises the last dimension: (x - mean) / sqrt(var + eps) * weight + bias. weight, bias [D] float32. float32 on the
// CPU is computed here: libtorch's operator, which does the rest, takes ten times as long to be called as a row takes
// to compute.
class LayerNorm {
 public:
  LayerNorm() = default;
  LayerNorm(at::Tensor weight, at::Tensor bias, double eps);

  at::Tensor operator()(const at::Tensor& x) const { return beside(x).second; }  // [..., D] -> [..., D]
  // x itself, and what is made of it: where both are read, as around a part of a layer, their gradients meet in one
  // step.
  std::pair<at::Tensor, at::Tensor> beside(const at::Tensor& x) const;
  bool defined() const { return weight_.defined(); }

 private:
  at::Tensor weight_;
  at::Tensor bias_;
  double eps_ = 1e-5;
};

}  // namespace epalm::nn
