#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <string>

#include "epalm/nn/quantized_matrix.h"
#include "epalm/nn/weights.h"

namespace epalm::nn {

// y = x Wᵀ + b. W [out,in] float32, bfloat16, float16 or quantized in the layout that the published files use; b [out]
// or undefined. bfloat16 weights stay as they are in memory and are multiplied in bfloat16 with float32 accumulation; x
// and y are float32. dX always flows to an x that needs it; dW and db are computed only where the weight itself
// requires a gradient, so a frozen layer costs one product backwards and stores nothing. Cheap to copy: handles of
// shared tensors. Thread-safe.
class Linear {
 public:
  Linear() = default;
  Linear(at::Tensor weight, at::Tensor bias);
  // Of `scope`.weight and, where there is one, `scope`.bias.
  Linear(const Weights& weights, const std::string& scope);

  // x [..., in] float32 -> [..., out] float32.
  at::Tensor operator()(const at::Tensor& x) const;

  int64_t in_features() const { return weight_.size(1); }
  int64_t out_features() const { return weight_.size(0); }

 private:
  at::Tensor weight_;  // without data where it is quantized
  at::Tensor bias_;
  std::optional<QuantizedMatrix> quantized_;
};

}  // namespace epalm::nn
