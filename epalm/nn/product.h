#pragma once

#include <ATen/ATen.h>

#include <string>

#include "epalm/nn/product_target.h"

namespace epalm::nn {

// a [M,K] · b [K,N] (+ bias [N]) -> [M,N], float32 or, finished, bfloat16; no autograd. a and b: 2-D, one of their two
// strides 1 (a transposed view is fine), float32 or bfloat16 (both bfloat16 products accumulate in float32). bias:
// float32 or undefined. All large matrix products of the project end here; products of other dtypes and devices fall
// back to libtorch.
at::Tensor product(const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias = {},
                   Finish finish = Finish::kNone);

// x as product() multiplies it with such a matrix: rounded to bfloat16 where the matrix is. float16 has no fast product
// on CPUs and is computed in float32.
inline at::Tensor as_operand(const at::Tensor& x, const at::Tensor& matrix) {
  return matrix.scalar_type() == at::kBFloat16 ? x.to(at::kBFloat16) : x;
}

// While one lives, float32 products of this process are computed from operands rounded to bfloat16, with float32
// accumulation: several times faster on CPUs with AMX, relative error of an operand up to 2^-8. For training from
// scratch, where gradients are noisier than that. Not nested, one thread at a time.
class Bfloat16Products {
 public:
  Bfloat16Products();
  ~Bfloat16Products();
  Bfloat16Products(const Bfloat16Products&) = delete;
  Bfloat16Products& operator=(const Bfloat16Products&) = delete;
};

// Which library answers, as "oneDNN 2.6.3 (isa …)" or "libtorch".
std::string product_backend();

}  // namespace epalm::nn
