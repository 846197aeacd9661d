#include "epalm/nn/packed_matrix.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

#include "epalm/base/shapes.h"
#include "epalm/nn/vectors.h"

namespace epalm::nn {
namespace {

constexpr int64_t kRowsOfATask = 64;  // so few are not worth another thread

// How each format is read: the constructor finds row n, read() gives kVectors vectors of numbers from a column on.
struct Float32 {
  static constexpr int64_t kVectors = 1;
  const float* row;
  EPALM_INLINE Float32(const PackedMatrix& m, int64_t n) : row(static_cast<const float*>(m.values) + n * m.columns) {}
  EPALM_INLINE void read(int64_t column, Floats* out) const { load(out[0], row + column); }
  EPALM_INLINE const void* at(int64_t column) const { return row + column; }
  EPALM_INLINE float finish(float sum) const { return sum; }
};

struct BFloat16 {
  static constexpr int64_t kVectors = 1;
  const uint16_t* row;
  EPALM_INLINE BFloat16(const PackedMatrix& m, int64_t n)
      : row(static_cast<const uint16_t*>(m.values) + n * m.columns) {}
  EPALM_INLINE void read(int64_t column, Floats* out) const {
    Halves halves;
    load(halves, row + column);
    const Words words = __builtin_convertvector(halves, Words) << 16;
    std::memcpy(out, &words, sizeof(words));
  }
  EPALM_INLINE const void* at(int64_t column) const { return row + column; }
  EPALM_INLINE float finish(float sum) const { return sum; }
};

struct Int8 {
  static constexpr int64_t kVectors = 1;
  const int8_t* row;
  float scale;
  EPALM_INLINE Int8(const PackedMatrix& m, int64_t n)
      : row(static_cast<const int8_t*>(m.values) + n * m.columns), scale(m.scales[n]) {}
  EPALM_INLINE void read(int64_t column, Floats* out) const {
    SignedBytes bytes;
    load(bytes, row + column);
    const Shorts shorts = __builtin_convertvector(bytes, Shorts);  // to twice the width at a time: one instruction each
    out[0] = __builtin_convertvector(__builtin_convertvector(shorts, Ints), Floats);
  }
  EPALM_INLINE const void* at(int64_t column) const { return row + column; }
  EPALM_INLINE float finish(float sum) const { return sum * scale; }
};

struct Int4 {
  static constexpr int64_t kVectors = 2;
  const uint8_t* row;
  const c10::Half* scales;
  EPALM_INLINE Int4(const PackedMatrix& m, int64_t n)
      : row(static_cast<const uint8_t*>(m.values) + n * m.columns / 2),
        scales(m.group_scales + n * m.columns / kFewColumns) {}
  EPALM_INLINE void read(int64_t column, Floats* out) const {
    Bytes bytes;
    load(bytes, row + column / 2);
    const Ints pairs = __builtin_convertvector(__builtin_convertvector(bytes, Shorts), Ints);
    const float scale = scales[column / kFewColumns];
    out[0] = __builtin_convertvector((pairs & 15) - 8, Floats) * scale;
    out[1] = __builtin_convertvector((pairs >> 4) - 8, Floats) * scale;
  }
  EPALM_INLINE const void* at(int64_t column) const { return row + column / 2; }
  EPALM_INLINE float finish(float sum) const { return sum; }
};

// kRows rows of x with kOut rows of the matrix at once: so many sums that do not wait for one another.
template <typename Format, int kRows, int kOut>
EPALM_INLINE void multiply_block(const PackedMatrix& matrix, const float* x, int64_t n, float* out) {
  const int64_t columns = matrix.columns;
  Floats sums[kOut][kRows] = {};
  constexpr int64_t kStep = Format::kVectors * kLanes;
  for (int64_t column = 0; column < columns; column += kStep) {
    Floats numbers[kOut][Format::kVectors];
    for (int o = 0; o < kOut; ++o) {
      // Of the rows that come next: rows are too short for the processor to foresee them.
      __builtin_prefetch(Format(matrix, std::min(n + o + kOut, matrix.rows - 1)).at(column));
      Format(matrix, n + o).read(column, numbers[o]);
    }
    for (int64_t v = 0; v < Format::kVectors; ++v) {
      for (int r = 0; r < kRows; ++r) {
        Floats left;
        load(left, x + r * columns + column + v * kLanes);
        for (int o = 0; o < kOut; ++o) sums[o][r] += left * numbers[o][v];
      }
    }
  }
  for (int o = 0; o < kOut; ++o) {
    for (int r = 0; r < kRows; ++r) {
      out[r * matrix.rows + n + o] = Format(matrix, n + o).finish(sum_of(sums[o][r]));
    }
  }
}

template <typename Format, int kRows, int kOut>
EPALM_INLINE void multiply_rows(const PackedMatrix& matrix, const float* x, int64_t begin, int64_t end, float* out) {
  int64_t n = begin;
  for (; n + kOut <= end; n += kOut) multiply_block<Format, kRows, kOut>(matrix, x, n, out);
  for (; n < end; ++n) multiply_block<Format, kRows, 1>(matrix, x, n, out);
}

// x: `rows` rows, 1, 2, 4 or 8.
template <typename Format>
EPALM_INLINE void multiply(const PackedMatrix& matrix, const float* x, int rows, int64_t begin, int64_t end,
                           float* out) {
  if (rows == 1) return multiply_rows<Format, 1, 4>(matrix, x, begin, end, out);
  if (rows == 2) return multiply_rows<Format, 2, 4>(matrix, x, begin, end, out);
  if (rows == 4) return multiply_rows<Format, 4, 4>(matrix, x, begin, end, out);
  multiply_rows<Format, 8, 2>(matrix, x, begin, end, out);
}

#define EPALM_MULTIPLY(name, Format)                                                                           \
  EPALM_CPU_CLONES void name(const PackedMatrix& matrix, const float* x, int rows, int64_t begin, int64_t end, \
                             float* out) {                                                                     \
    multiply<Format>(matrix, x, rows, begin, end, out);                                                        \
  }
EPALM_MULTIPLY(multiply_float32, Float32)
EPALM_MULTIPLY(multiply_bfloat16, BFloat16)
EPALM_MULTIPLY(multiply_int8, Int8)
EPALM_MULTIPLY(multiply_int4, Int4)
#undef EPALM_MULTIPLY

template <typename Format>
EPALM_INLINE void dequantize(const PackedMatrix& matrix, int64_t begin, int64_t end, uint16_t* out) {
  for (int64_t n = begin; n < end; ++n, out += matrix.columns) {
    const Format row(matrix, n);
    const float scale = row.finish(1);
    for (int64_t column = 0; column < matrix.columns; column += Format::kVectors * kLanes) {
      Floats numbers[Format::kVectors];
      row.read(column, numbers);
      for (int64_t v = 0; v < Format::kVectors; ++v) {
        Halves halves;
        round_to(halves, numbers[v] * scale);
        std::memcpy(out + column + v * kLanes, &halves, sizeof(halves));
      }
    }
  }
}

EPALM_CPU_CLONES void dequantize_int8(const PackedMatrix& matrix, int64_t begin, int64_t end, uint16_t* out) {
  dequantize<Int8>(matrix, begin, end, out);
}
EPALM_CPU_CLONES void dequantize_int4(const PackedMatrix& matrix, int64_t begin, int64_t end, uint16_t* out) {
  dequantize<Int4>(matrix, begin, end, out);
}

auto* kernel_of(PackedMatrix::Format format) {
  switch (format) {
    case PackedMatrix::Format::kFloat32:
      return multiply_float32;
    case PackedMatrix::Format::kBFloat16:
      return multiply_bfloat16;
    case PackedMatrix::Format::kInt8:
      return multiply_int8;
    case PackedMatrix::Format::kInt4:
      break;
  }
  return multiply_int4;
}

int64_t block_of(int64_t rows) {
  return rows > 4 ? 8 : rows > 2 ? 4 : rows;
}

}  // namespace

at::Tensor few_rows_product(const at::Tensor& x, const PackedMatrix& matrix, const at::Tensor& bias) {
  check_shape(x, {kAny, matrix.columns}, "rows to multiply");
  EPALM_ASSERT(matrix.columns % kFewColumns == 0 && x.scalar_type() == at::kFloat);
  const auto kernel = kernel_of(matrix.format);
  std::vector<at::Tensor> parts;
  for (int64_t first = 0; first < x.size(0);) {
    const int64_t block = block_of(x.size(0) - first);
    const int64_t rows = std::min(block, x.size(0) - first);
    const at::Tensor part = at::constant_pad_nd(x.narrow(0, first, rows), {0, 0, 0, block - rows}, 0).contiguous();
    at::Tensor out = at::empty({block, matrix.rows}, x.options());
    const float* from = part.data_ptr<float>();
    float* to = out.data_ptr<float>();
    at::parallel_for(0, matrix.rows, kRowsOfATask, [&](int64_t begin, int64_t end) {
      kernel(matrix, from, static_cast<int>(block), begin, end, to);
    });
    parts.push_back(out.narrow(0, 0, rows));
    first += rows;
  }
  at::Tensor result = parts.size() == 1 ? parts[0] : at::cat(parts);
  return bias.defined() ? result.add_(bias) : result;
}

at::Tensor dequantized(const PackedMatrix& matrix, int64_t first, int64_t count) {
  const bool int4 = matrix.format == PackedMatrix::Format::kInt4;
  EPALM_ASSERT(int4 || matrix.format == PackedMatrix::Format::kInt8);
  EPALM_ASSERT(first >= 0 && first + count <= matrix.rows && matrix.columns % kFewColumns == 0);
  at::Tensor out = at::empty({count, matrix.columns}, at::kBFloat16);
  auto* to = static_cast<uint16_t*>(out.data_ptr());
  at::parallel_for(0, count, kRowsOfATask, [&](int64_t begin, int64_t end) {
    (int4 ? dequantize_int4 : dequantize_int8)(matrix, first + begin, first + end, to + begin * matrix.columns);
  });
  return out;
}

}  // namespace epalm::nn
