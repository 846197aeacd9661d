#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <string>
#include <vector>

#include "epalm/nn/product.h"
#include "epalm/nn/quantized_matrix.h"
#include "epalm/nn/weights.h"

namespace epalm::nn {

// y = x Wᵀ + b. W [out,in] float32, bfloat16, float16 or quantized in the layout that the published files use; b [out]
// or undefined. bfloat16 weights stay as they are in memory and are multiplied in bfloat16 with float32 accumulation; x
// and y are float32. dX always flows to an x that needs it; dW and db are computed only where the weight itself
// requires a gradient, so a frozen layer costs one product backwards and stores nothing. Gradients pass a quantized
// weight rounded as QuantizedMatrix::gradient_times() says, as if its inputs had not been rounded. Cheap to copy:
// handles of shared tensors. Thread-safe.
class Linear {
 public:
  Linear() = default;
  Linear(at::Tensor weight, at::Tensor bias);
  // Of `scope`.weight and, where there is one, `scope`.bias.
  Linear(const Weights& weights, const std::string& scope, Inputs inputs = Inputs::kBFloat16);

  // x [..., in] float32, or what another Linear rounded -> [..., out] float32.
  at::Tensor operator()(const at::Tensor& x) const;

  // The same, rounded to bfloat16, and its exact GELU, in one step with the product, where nothing needs a gradient and
  // W is bfloat16; elsewhere float32, but for what a quantized W gives, which is rounded too. x float32 or bfloat16.
  at::Tensor rounded(const at::Tensor& x) const { return finished(x, Finish::kRound); }
  at::Tensor gelu(const at::Tensor& x) const { return finished(x, Finish::kGeluAndRound); }

  // What several layers make of the same x: as one by one, and sooner where a few rows are multiplied.
  static std::vector<at::Tensor> each(const at::Tensor& x, const std::vector<const Linear*>& layers);

  const at::Tensor& weight() const { return weight_; }  // of the device meta where it is quantized
  const at::Tensor& bias() const { return bias_; }      // may be undefined
  int64_t in_features() const { return weight_.size(1); }
  int64_t out_features() const { return weight_.size(0); }

 private:
  // The matrix as it lies in memory; nothing where it is no dense one of float32 or bfloat16, and no quantized one.
  std::optional<PackedMatrix> packed() const;
  bool needs_node(const at::Tensor& x) const;
  // each() of a few rows (dot_products.h); nothing where another product suits some layer better.
  static std::optional<std::vector<at::Tensor>> dots(const at::Tensor& x, const std::vector<const Linear*>& layers);
  at::Tensor finished(const at::Tensor& x, Finish finish) const;

  at::Tensor weight_;  // without data where it is quantized
  at::Tensor bias_;
  std::optional<QuantizedMatrix> quantized_;
  Inputs inputs_ = Inputs::kBFloat16;
};

}  // namespace epalm::nn
