#pragma once

#include <cstdint>

#include "epalm/nn/packed_matrix.h"

namespace epalm::nn {

// dot_kernels.h for more rows, with AMX: 16 rows of a matrix of integers meet 16 rows of x at once. Needs
// may_use_tiles() (tile_kernels.h).
inline constexpr int64_t kDotTileRows = 16;

// x by blocks of 16 rows, those that lack zero: four neighbours of each row of a block beside those of the next row.
struct Int8Tiles {
  const int8_t* values;  // [blocks,columns/4,16,4]
  const float* scales;   // [blocks,columns/kDotColumns,16]
  int64_t rows, columns;
};

// Of up to 16 rows: values [rows,columns], scales [rows,columns/kDotColumns], columns a multiple of kDotColumns, into
// one block.
void pack_block(const int8_t* values, const float* scales, int64_t rows, int64_t columns, int8_t* to, float* to_scales);

// Rows begin … end - 1 of the matrix, begin a multiple of 16, with all of x: out [M,matrix.rows]. bias: [matrix.rows]
// or null.
void multiply(const PackedMatrix& matrix, const Int8Tiles& x, const float* bias, int64_t begin, int64_t end,
              float* out);

}  // namespace epalm::nn
