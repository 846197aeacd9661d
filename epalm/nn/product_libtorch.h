#pragma once

#include <ATen/ATen.h>

#include "epalm/nn/product.h"

namespace epalm::nn {

// The plain twin of product(): libtorch's own operators in float32 (float64 for float64 inputs).
inline at::Tensor product_libtorch(const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias, Finish finish) {
  const auto compute = a.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  const at::Tensor left = a.to(compute);
  const at::Tensor right = b.to(compute);
  const at::Tensor out = bias.defined() ? at::addmm(bias.to(compute), left, right) : at::mm(left, right);
  if (finish == Finish::kNone) return out;
  return (finish == Finish::kGeluAndRound   ? at::gelu(out)
          : finish == Finish::kReluAndRound ? at::relu(out)
                                            : out)
      .to(at::kBFloat16);
}

}  // namespace epalm::nn
