#include "epalm/nn/dot_products.h"

#include <ATen/EmptyTensor.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <memory>

#include "epalm/base/error.h"
#include "epalm/nn/cpu_isa.h"
#include "epalm/nn/dot_kernels.h"
#include "epalm/nn/dot_tiles.h"
#include "epalm/nn/int8_rows.h"

namespace epalm::nn {
namespace {

constexpr int64_t kFewestTileRows = 2;      // of x
constexpr int64_t kMatrixRowsOfATask = 64;  // of the matrix: so few are not worth another thread

// A growing text multiplies one row after the other: what libtorch's operators take to be called shows.
bool lies_in(const at::Tensor& t, at::ScalarType type) {
  return t.scalar_type() == type && t.is_contiguous();
}
at::Tensor lying_in(const at::Tensor& t, at::ScalarType type) {
  return lies_in(t, type) ? t : t.to(type).contiguous();
}

template <typename Number>
std::unique_ptr<Number[]> room_for(int64_t count) {
  return std::make_unique_for_overwrite<Number[]>(static_cast<size_t>(count));
}

// Rows of the matrices one behind the other. A task begins with a whole block of so many rows of a matrix. shape: of x.
template <typename Operand>
std::vector<at::Tensor> multiplied(const std::vector<DotFactor>& factors, const Operand& x, at::IntArrayRef shape,
                                   int64_t block = 1) {
  struct Part {
    const PackedMatrix& matrix;
    const float* bias;
    float* to;
    int64_t begin, end;  // blocks
  };
  std::vector<at::Tensor> outs, kept;
  std::vector<Part> parts;
  at::DimVector out_shape(shape);
  int64_t blocks = 0;
  for (const auto& [matrix, bias] : factors) {
    out_shape.back() = matrix.rows;
    outs.push_back(at::detail::empty_cpu(out_shape, at::kFloat));
    if (bias.defined()) kept.push_back(lying_in(bias, at::kFloat));
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

// With AMX. values [rows,columns], scales [rows,columns/kDotColumns].
std::vector<at::Tensor> multiplied_by_tiles(const std::vector<DotFactor>& factors, const int8_t* values,
                                            const float* scales, int64_t rows, int64_t columns, at::IntArrayRef shape) {
  const int64_t blocks = (rows + kDotTileRows - 1) / kDotTileRows, groups = columns / kDotColumns;
  const at::Tensor packed = at::empty({blocks, columns, kDotTileRows}, at::kChar);
  const at::Tensor packed_scales = at::empty({blocks, groups, kDotTileRows});
  at::parallel_for(0, blocks, 4, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t first = i * kDotTileRows;
      pack_block(values + first * columns, scales + first * groups, std::min(kDotTileRows, rows - first), columns,
                 packed.data_ptr<int8_t>() + first * columns, packed_scales.data_ptr<float>() + first * groups);
    }
  });
  const Int8Tiles x{
      .values = packed.data_ptr<int8_t>(), .scales = packed_scales.data_ptr<float>(), .rows = rows, .columns = columns};
  return multiplied(factors, x, shape, kDotTileRows);
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
  // Where both took equally long, two threads of a Xeon with AMX, or of an EPYC of the Zen 5 kind without.
  const bool tiles = cpu_multiplies_tiles();
  switch (format) {
    case PackedMatrix::Format::kFloat32:
      break;
    case PackedMatrix::Format::kBFloat16:
      return tiles ? 4 : 24;
    case PackedMatrix::Format::kInt8:
      return tiles ? kMostDotRows : 16;
    case PackedMatrix::Format::kInt4:
      return tiles ? kMostDotRows : 64;
  }
  return 0;
}

std::vector<at::Tensor> dot_products(const at::Tensor& x, const std::vector<DotFactor>& factors) {
  const PackedMatrix& matrix = factors.at(0).matrix;
  EPALM_ASSERT(x.dim() > 0 && x.size(-1) == matrix.columns);
  for (const DotFactor& factor : factors) {
    EPALM_ASSERT(factor.matrix.columns == matrix.columns && factor.matrix.format == matrix.format);
    EPALM_ASSERT(!factor.bias.defined() || factor.bias.numel() == factor.matrix.rows);
  }
  EPALM_ASSERT(matrix.columns % kFewColumns == 0 && has_dot_products(matrix.format));
  const int64_t rows = x.numel() / matrix.columns;
  if (matrix.format == PackedMatrix::Format::kBFloat16) {
    const at::Tensor values = lying_in(x, at::kBFloat16);
    return multiplied(
        factors,
        BFloat16Operand{
            .values = static_cast<const uint16_t*>(values.data_ptr()), .rows = rows, .columns = matrix.columns},
        x.sizes());
  }
  const bool tiles = cpu_multiplies_tiles() && rows >= kFewestTileRows;
  const bool paired = !tiles && matrix.format == PackedMatrix::Format::kInt4;
  const int64_t step = paired ? kPairedColumns : kDotColumns, columns = (matrix.columns + step - 1) / step * step;
  const at::Tensor numbers =
      lying_in(columns == matrix.columns ? x : at::constant_pad_nd(x, {0, columns - matrix.columns}, 0), at::kFloat);
  const auto values = room_for<int8_t>(rows * columns);
  const auto scales = room_for<float>(rows * columns / kDotColumns);
  int8_rows(numbers.data_ptr<float>(), rows * columns / kDotColumns, kDotColumns, values.get(), scales.get());
  if (tiles) return multiplied_by_tiles(factors, values.get(), scales.get(), rows, columns, x.sizes());
  const auto offsets = room_for<int32_t>(rows * columns / 4);
  if (!paired) {
    const Int8Operand operand{values.get(), offsets.get(), scales.get(), rows, columns};
    prepare(operand);
    return multiplied(factors, operand, x.sizes());
  }
  const auto of_lanes = room_for<float>(rows * columns / 8);
  const PairedOperand operand{values.get(), offsets.get(), of_lanes.get(), rows, columns};
  prepare(operand, scales.get());
  return multiplied(factors, operand, x.sizes());
}

at::Tensor dot_product(const at::Tensor& x, const PackedMatrix& matrix, const at::Tensor& bias) {
  return dot_products(x, {{matrix, bias}})[0];
}

}  // namespace epalm::nn
