#pragma once

#include <ATen/ATen.h>

namespace epalm::nn {

// The plain twin of int8_sums(): libtorch's product of integers of 32 bits.
inline at::Tensor int8_sums_libtorch(const at::Tensor& a, const at::Tensor& b) {
  return at::mm(a.to(at::kInt), b.to(at::kInt).t());
}

}  // namespace epalm::nn
