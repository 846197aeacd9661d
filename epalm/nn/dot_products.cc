#include "epalm/nn/dot_products.h"

#include <ATen/Parallel.h>

#include "epalm/base/shapes.h"
#include "epalm/nn/cpu_isa.h"
#include "epalm/nn/dot_kernels.h"
#include "epalm/nn/int8_rows.h"

namespace epalm::nn {
namespace {

constexpr int64_t kMatrixRowsOfATask = 64;  // of the matrix: so few are not worth another thread

template <typename Operand>
at::Tensor multiplied(const PackedMatrix& matrix, const Operand& x, const at::Tensor& bias) {
  at::Tensor out = at::empty({x.rows, matrix.rows});
  float* to = out.data_ptr<float>();
  const at::Tensor added = bias.defined() ? bias.to(at::kFloat).contiguous() : bias;
  const float* from = added.defined() ? added.data_ptr<float>() : nullptr;
  at::parallel_for(0, matrix.rows, kMatrixRowsOfATask,
                   [&](int64_t begin, int64_t end) { multiply(matrix, x, from, begin, end, to); });
  return out;
}

}  // namespace

bool has_dot_products(PackedMatrix::Format format) {
  switch (format) {
    case PackedMatrix::Format::kFloat32:
      break;
    case PackedMatrix::Format::kBFloat16:
      return cpu_adds_up_bfloat16();
    case PackedMatrix::Format::kInt8:
    case PackedMatrix::Format::kInt4:
      return cpu_adds_up_int8();
  }
  return false;
}

int64_t most_dot_rows(PackedMatrix::Format format) {
  if (!has_dot_products(format)) return 0;
  if (!cpu_multiplies_tiles()) return kMostDotRows;
  // Where both took equally long, two threads of a Xeon with AMX.
  switch (format) {
    case PackedMatrix::Format::kFloat32:
      break;
    case PackedMatrix::Format::kBFloat16:
      return 4;
    case PackedMatrix::Format::kInt8:
      return 48;
    case PackedMatrix::Format::kInt4:
      return 24;
  }
  return 0;
}

at::Tensor dot_product(const at::Tensor& x, const PackedMatrix& matrix, const at::Tensor& bias) {
  check_shape(x, {kAny, matrix.columns}, "rows to multiply");
  if (bias.defined()) check_shape(bias, {matrix.rows}, "bias");
  EPALM_ASSERT(matrix.columns % kFewColumns == 0 && has_dot_products(matrix.format));
  const int64_t rows = x.size(0);
  if (matrix.format == PackedMatrix::Format::kBFloat16) {
    const at::Tensor values = x.to(at::kBFloat16).contiguous();
    return multiplied(
        matrix,
        BFloat16Operand{
            .values = static_cast<const uint16_t*>(values.data_ptr()), .rows = rows, .columns = matrix.columns},
        bias);
  }
  const int64_t columns = (matrix.columns + kDotColumns - 1) / kDotColumns * kDotColumns;
  const Int8Rows groups =
      int8_rows(at::constant_pad_nd(x, {0, columns - matrix.columns}, 0).contiguous().view({-1, kDotColumns}));
  const at::Tensor offsets = at::empty({rows, columns / 4}, at::kInt);
  const Int8Operand operand{.values = groups.values.data_ptr<int8_t>(),
                            .offsets = offsets.data_ptr<int32_t>(),
                            .scales = groups.scales.data_ptr<float>(),
                            .rows = rows,
                            .columns = columns};
  prepare(operand, matrix.format);
  return multiplied(matrix, operand, bias);
}

}  // namespace epalm::nn
