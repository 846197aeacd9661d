#pragma once

#include <ATen/ATen.h>

#include <optional>

#include "epalm/nn/quantized_matrix.h"

namespace epalm::nn {

// Some rows at a time of a matrix [rows,columns], however it is kept. Cheap to copy.
class MatrixRows {
 public:
  MatrixRows(at::Tensor dense) : dense_(std::move(dense)) {}  // float32, bfloat16 or float16
  MatrixRows(QuantizedMatrix matrix) : quantized_(std::move(matrix)) {}

  int64_t rows() const { return quantized_ ? quantized_->out_features() : dense_.size(0); }
  int64_t columns() const { return quantized_ ? quantized_->in_features() : dense_.size(1); }
  // The matrix itself, which may be trained; undefined where it is quantized.
  const at::Tensor& dense() const { return dense_; }

  // Rows first … first + count - 1 as product() wants them: float32 or bfloat16.
  at::Tensor slice(int64_t first, int64_t count) const;
  // W being these rows, x Wᵀ: [R,columns] -> [R,count], and dy W: [R,count] -> [R,columns], rounded as product() and
  // QuantizedMatrix round. No autograd.
  at::Tensor times(const at::Tensor& x, int64_t first, int64_t count) const;
  at::Tensor gradient_times(const at::Tensor& dy, int64_t first, int64_t count) const;
  // Those with these indices, int64 [...] -> [...,columns] in a floating type; gradients reach a dense matrix.
  at::Tensor select(const at::Tensor& indices) const;

 private:
  at::Tensor dense_;
  std::optional<QuantizedMatrix> quantized_;
};

}  // namespace epalm::nn
