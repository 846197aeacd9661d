#pragma once

#include <cstdint>

#include "epalm/nn/packed_matrix.h"

namespace epalm::nn {

// Rows of x as the kernels of dot_products.h read them: neighbours that share a scale, and with 4 bits neighbours that
// meet the matrix at once. `columns` is a multiple of either, what lacks is zero.
inline constexpr int64_t kDotColumns = 64, kPairedColumns = 2 * kDotColumns;

struct Int8Operand {
  int8_t* values;       // [M,columns]
  int32_t* offsets;     // [M,columns/4]: what the matrix's numbers lack as unsigned ones, times the sum of four values
  const float* scales;  // [M,columns/kDotColumns]
  int64_t rows, columns;
};

// For 4 bits. Of each kPairedColumns first what meets the low halves of the matrix's bytes.
struct PairedOperand {
  int8_t* values;    // [M,columns]
  int32_t* offsets;  // [M,columns/8]: as above, of eight values
  float* scales;     // [M,columns/8]: of the lanes that the sums of a row come in
  int64_t rows, columns;
};

struct BFloat16Operand {
  const uint16_t* values;  // [M,columns]
  int64_t rows, columns;
};

// Sets the offsets. Needs AVX-512 VNNI, as the next.
void prepare(const Int8Operand& x);
// Brings the values into their order and sets the rest. scales: [M,columns/kDotColumns].
void prepare(const PairedOperand& x, const float* scales);

// Rows begin … end - 1 of the matrix with all of x: out [M,matrix.rows]. bias: [matrix.rows] or null.
void multiply(const PackedMatrix& matrix, const Int8Operand& x, const float* bias, int64_t begin, int64_t end,
              float* out);
void multiply(const PackedMatrix& matrix, const PairedOperand& x, const float* bias, int64_t begin, int64_t end,
              float* out);
void multiply(const PackedMatrix& matrix, const BFloat16Operand& x, const float* bias, int64_t begin, int64_t end,
              float* out);  // needs AVX-512 BF16

}  // namespace epalm::nn
