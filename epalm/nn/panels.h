#pragma once

#include <cstdint>

#include "epalm/nn/dot_kernels.h"
#include "epalm/nn/product_target.h"
#include "epalm/nn/wanted.h"

// Products of many rows x and a matrix with AVX-512's sums of neighbours' products, VNNI for 8 bits, BF16 for bfloat16:
// the matrix is brought into the order that those want a panel at a time (panel_products.h).
namespace epalm::nn {

inline constexpr int64_t kPanelColumns = 64;       // of the result
inline constexpr int64_t kPanelBytes = 32 * 1024;  // which the first cache holds
template <typename Number>
inline constexpr int64_t kPanelDepth = kPanelBytes / kPanelColumns / static_cast<int64_t>(sizeof(Number));

// A part of a matrix that becomes a panel: `columns` of the result, up to kPanelColumns, and so much depth, up to
// kPanelDepth. stride: from one row of the matrix to the next.
template <typename Number>
struct PanelSource {
  const Number* from;
  int64_t stride, columns, depth;
};

// The result's columns are the matrix's rows; or its columns. What lacks to whole vectors and groups is zero.
void pack_panel_of_rows(const PanelSource<int8_t>& source, uint8_t* panel);
void pack_panel_of_columns(const PanelSource<int8_t>& source, uint8_t* panel);
void pack_panel_of_rows(const PanelSource<uint16_t>& source, uint8_t* panel);
void pack_panel_of_columns(const PanelSource<uint16_t>& source, uint8_t* panel);

inline constexpr int64_t kGroupDepth = kDotColumns;  // neighbours that share a scale

// x rounded to integers.
struct GroupedRows {
  using Number = int8_t;
  int8_t* values;    // [rows,depth]
  int32_t* offsets;  // [rows,depth/kGroupDepth]: -128 · the sum of a group's values
  float* scales;     // [rows,depth/kGroupDepth]
  int64_t depth;
};
// x in bfloat16, its columns even in number.
struct Bfloat16Rows {
  using Number = uint16_t;
  const uint16_t* values;
  int64_t stride;
};

// Rounds rows begin … end - 1 of x [rows,columns], each number times factors[column] where there are such, as
// int8_rows() rounds (int8_rows.h), and fills the last group with zeros.
void round_groups(const float* x, int64_t columns, const float* factors, int64_t begin, int64_t end,
                  const GroupedRows& to);
// Rounds the same rows to bfloat16 and fills what is left of to's rows with zeros.
void round_rows(const float* x, int64_t stride, int64_t columns, int64_t begin, int64_t end, int64_t to_stride,
                uint16_t* to);

// Of so many rows those that meet a panel together: with the sums of kPanelColumns each as many as registers hold, and
// not so few at last that they wait for their own sums.
inline constexpr int64_t kMostRowsOfAStep = 5;
inline constexpr int64_t rows_of_step(int64_t rows) {
  return rows == 6 ? 3 : rows == 7 ? 4 : rows < kMostRowsOfAStep ? rows : kMostRowsOfAStep;
}
// Before each of so much depth they ask for a part of what is wanted.
template <typename Number>
inline constexpr int64_t kStepDepth = kPanelDepth<Number> / 8;

// Rows begin … end - 1 of x with a panel of so much depth from first_depth on: added to sums [end-begin,kPanelColumns]
// where `adds`.
void multiply_panel(const GroupedRows& x, int64_t begin, int64_t end, int64_t first_depth, int64_t depth,
                    const uint8_t* panel, bool adds, Wanted wanted, float* sums);
void multiply_panel(const Bfloat16Rows& x, int64_t begin, int64_t end, int64_t first_depth, int64_t depth,
                    const uint8_t* panel, bool adds, Wanted wanted, float* sums);

// Writes the sums of integers, each column times its scale where there are such, plus its bias where there is one.
struct Int8Target {
  float* to;
  int64_t stride, rows, columns;
  const float* scales;
  const float* bias;
};
void write_int8_panel(const float* sums, const Int8Target& target);
// Those of bfloat16 numbers, up to kPanelColumns.
void write_bfloat16_panel(const float* sums, const ProductTarget& target);

}  // namespace epalm::nn
