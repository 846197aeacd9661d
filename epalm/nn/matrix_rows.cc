#include "epalm/nn/matrix_rows.h"

#include "epalm/nn/product.h"

namespace epalm::nn {
namespace {

QuantizedMatrix part_of(const QuantizedMatrix& matrix, int64_t first, int64_t count) {
  return {matrix.values().narrow(0, first, count), matrix.scales().narrow(0, first, count)};
}

}  // namespace

at::Tensor MatrixRows::slice(int64_t first, int64_t count) const {
  if (quantized_) return quantized_->rows(first, count);
  const at::Tensor rows = dense_.narrow(0, first, count);
  return rows.scalar_type() == at::kHalf ? rows.to(at::kFloat) : rows;  // which has no fast product on CPUs
}

at::Tensor MatrixRows::times(const at::Tensor& x, int64_t first, int64_t count) const {
  if (quantized_) return part_of(*quantized_, first, count).times(x, {});
  const at::Tensor rows = slice(first, count);
  return product(as_operand(x, rows), rows.t());
}

at::Tensor MatrixRows::gradient_times(const at::Tensor& dy, int64_t first, int64_t count) const {
  if (quantized_) return part_of(*quantized_, first, count).gradient_times(dy);
  const at::Tensor rows = slice(first, count);
  return product(as_operand(dy, rows), rows);
}

at::Tensor MatrixRows::select(const at::Tensor& indices) const {
  if (!quantized_) return at::embedding(dense_, indices);
  const at::Tensor flat = indices.reshape({-1});
  const QuantizedMatrix some(quantized_->values().index_select(0, flat), quantized_->scales().index_select(0, flat));
  auto shape = indices.sizes().vec();
  shape.push_back(columns());
  return some.rows(0, flat.size(0)).view(shape);
}

}  // namespace epalm::nn
