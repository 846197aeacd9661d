#include "epalm/nn/matrix_rows.h"

namespace epalm::nn {

at::Tensor MatrixRows::slice(int64_t first, int64_t count) const {
  if (quantized_) return quantized_->rows(first, count);
  const at::Tensor rows = dense_.narrow(0, first, count);
  return rows.scalar_type() == at::kHalf ? rows.to(at::kFloat) : rows;  // which has no fast product on CPUs
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
