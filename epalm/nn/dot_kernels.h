#pragma once

#include <cstdint>

#include "epalm/nn/packed_matrix.h"

namespace epalm::nn {

// Rows of x as the kernels of dot_products.h read them, `columns` of them a multiple of kDotColumns, filled up with
// zeros.
inline constexpr int64_t kDotColumns = 64;

struct Int8Operand {
  int8_t* values;       // [M,columns]; for 4 bits in the order of the matrix's bytes
  int32_t* offsets;     // [M,columns/4]: what the matrix's numbers lack as unsigned ones, times the sum of four values
  const float* scales;  // [M,columns/kDotColumns]
  int64_t rows, columns;
};

struct BFloat16Operand {
  const uint16_t* values;  // [M,columns]
  int64_t rows, columns;
};

// Brings the values into the matrix's order and sets the offsets. Needs AVX-512 VNNI, as the next.
void prepare(const Int8Operand& x, PackedMatrix::Format format);

// Rows begin … end - 1 of the matrix with all of x: out [M,matrix.rows]. bias: [matrix.rows] or null.
void multiply(const PackedMatrix& matrix, const Int8Operand& x, const float* bias, int64_t begin, int64_t end,
              float* out);
void multiply(const PackedMatrix& matrix, const BFloat16Operand& x, const float* bias, int64_t begin, int64_t end,
              float* out);  // needs AVX-512 BF16

}  // namespace epalm::nn
