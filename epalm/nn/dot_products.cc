#include "epalm/nn/dot_products.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "epalm/base/shapes.h"
#include "epalm/nn/cpu_isa.h"
#include "epalm/nn/dot_kernels.h"
#include "epalm/nn/dot_tiles.h"
#include "epalm/nn/int8_rows.h"

namespace epalm::nn {
namespace {

constexpr int64_t kFewestTileRows = 2;      // of x
constexpr int64_t kMatrixRowsOfATask = 64;  // of the matrix: so few are not worth another thread

// Rows of the matrices one behind the other. A task begins with a whole block of so many rows of a matrix.
template <typename Operand>
std::vector<at::Tensor> multiplied(const std::vector<DotFactor>& factors, const Operand& x, int64_t block = 1) {
  struct Part {
    const PackedMatrix& matrix;
    const float* bias;
    float* to;
    int64_t begin, end;  // blocks
  };
  std::vector<at::Tensor> outs, kept;
  std::vector<Part> parts;
  int64_t blocks = 0;
  for (const auto& [matrix, bias] : factors) {
    outs.push_back(at::empty({x.rows, matrix.rows}));
    if (bias.defined()) kept.push_back(bias.scalar_type() == at::kFloat ? bias.contiguous() : bias.to(at::kFloat));
    const int64_t end = blocks + (matrix.rows + block - 1) / block;
    parts.push_back(
        {matrix, bias.defined() ? kept.back().data_ptr<float>() : nullptr, outs.back().data_ptr<float>(), blocks, end});
    blocks = end;
  }
  at::parallel_for(0, blocks, kMatrixRowsOfATask / block, [&](int64_t begin, int64_t end) {
    for (const Part& part : parts) {
      const int64_t first = std::max(begin, part.begin) - part.begin, last = std::min(end, part.end) - part.begin;
      if (first >= last) continue;
      multiply(part.matrix, x, part.bias, first * block, std::min(last * block, part.matrix.rows), part.to);
    }
  });
  return outs;
}

// With AMX.
std::vector<at::Tensor> multiplied_by_tiles(const std::vector<DotFactor>& factors, const Int8Rows& groups, int64_t rows,
                                            int64_t columns) {
  const int64_t blocks = (rows + kDotTileRows - 1) / kDotTileRows;
  const at::Tensor values = at::empty({blocks, columns, kDotTileRows}, at::kChar);
  const at::Tensor scales = at::empty({blocks, columns / kDotColumns, kDotTileRows});
  at::parallel_for(0, blocks, 4, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t first = i * kDotTileRows;
      pack_block(groups.values.data_ptr<int8_t>() + first * columns,
                 groups.scales.data_ptr<float>() + first * (columns / kDotColumns),
                 std::min(kDotTileRows, rows - first), columns, values.data_ptr<int8_t>() + first * columns,
                 scales.data_ptr<float>() + first * (columns / kDotColumns));
    }
  });
  const Int8Tiles x{
      .values = values.data_ptr<int8_t>(), .scales = scales.data_ptr<float>(), .rows = rows, .columns = columns};
  return multiplied(factors, x, kDotTileRows);
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
  if (!cpu_multiplies_tiles()) return 64;
  // Where both took equally long, two threads of a Xeon with AMX.
  switch (format) {
    case PackedMatrix::Format::kFloat32:
      break;
    case PackedMatrix::Format::kBFloat16:
      return 4;
    case PackedMatrix::Format::kInt8:
    case PackedMatrix::Format::kInt4:
      return kMostDotRows;
  }
  return 0;
}

std::vector<at::Tensor> dot_products(const at::Tensor& x, const std::vector<DotFactor>& factors) {
  const PackedMatrix& matrix = factors.at(0).matrix;
  check_shape(x, {kAny, matrix.columns}, "rows to multiply");
  for (const DotFactor& factor : factors) {
    EPALM_ASSERT(factor.matrix.columns == matrix.columns && factor.matrix.format == matrix.format);
    if (factor.bias.defined()) check_shape(factor.bias, {factor.matrix.rows}, "bias");
  }
  EPALM_ASSERT(matrix.columns % kFewColumns == 0 && has_dot_products(matrix.format));
  const int64_t rows = x.size(0);
  if (matrix.format == PackedMatrix::Format::kBFloat16) {
    const at::Tensor values = x.to(at::kBFloat16).contiguous();
    return multiplied(factors, BFloat16Operand{.values = static_cast<const uint16_t*>(values.data_ptr()),
                                               .rows = rows,
                                               .columns = matrix.columns});
  }
  const bool tiles = cpu_multiplies_tiles() && rows >= kFewestTileRows;
  const bool paired = !tiles && matrix.format == PackedMatrix::Format::kInt4;
  const int64_t step = paired ? kPairedColumns : kDotColumns, columns = (matrix.columns + step - 1) / step * step;
  const at::Tensor whole = columns == matrix.columns ? x : at::constant_pad_nd(x, {0, columns - matrix.columns}, 0);
  const Int8Rows groups = int8_rows(whole.contiguous().view({-1, kDotColumns}));
  if (tiles) return multiplied_by_tiles(factors, groups, rows, columns);
  auto* values = groups.values.data_ptr<int8_t>();
  const auto* scales = groups.scales.data_ptr<float>();
  const at::Tensor offsets = at::empty({rows, columns / 4}, at::kInt);
  if (!paired) {
    const Int8Operand operand{values, offsets.data_ptr<int32_t>(), scales, rows, columns};
    prepare(operand);
    return multiplied(factors, operand);
  }
  const at::Tensor of_lanes = at::empty({rows, columns / 8});
  const PairedOperand operand{values, offsets.data_ptr<int32_t>(), of_lanes.data_ptr<float>(), rows, columns};
  prepare(operand, scales);
  return multiplied(factors, operand);
}

at::Tensor dot_product(const at::Tensor& x, const PackedMatrix& matrix, const at::Tensor& bias) {
  return dot_products(x, {{matrix, bias}})[0];
}

}  // namespace epalm::nn
