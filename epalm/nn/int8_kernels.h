#pragma once

#include <cstdint>

#include "epalm/nn/dot_kernels.h"
#include "epalm/nn/wanted.h"

// Products of many rows and a matrix in 8 bits with AVX-512 VNNI. x is rounded to integers with a scale for each
// kGroupDepth neighbours of a row; the matrix is brought into the order that the instruction wants a panel at a time.
namespace epalm::nn {

inline constexpr int64_t kGroupDepth = kDotColumns;
inline constexpr int64_t kPanelColumns = 64;  // of the result
inline constexpr int64_t kPanelGroups = 8;    // of the depth: a panel takes 32 KiB, which the first cache holds

struct GroupedRows {
  int8_t* values;    // [rows,depth]
  int32_t* offsets;  // [rows,depth/kGroupDepth]: -128 · the sum of a group's values
  float* scales;     // [rows,depth/kGroupDepth]
  int64_t rows, depth;
};

// Rounds rows begin … end - 1 of x [to.rows,columns], each number times factors[column] where there are such, as
// int8_rows() rounds (int8_rows.h), and fills the last group with zeros.
void round_groups(const float* x, int64_t columns, const float* factors, int64_t begin, int64_t end,
                  const GroupedRows& to);

// A part of a matrix of integers that becomes a panel: `columns` of the result, up to kPanelColumns, and so much depth,
// up to kPanelGroups groups. stride: from one row of the matrix to the next.
struct PanelSource {
  const int8_t* from;
  int64_t stride, columns, depth;
};
// The result's columns are the matrix's rows; or its columns.
void pack_panel_of_rows(const PanelSource& source, uint8_t* panel);
void pack_panel_of_columns(const PanelSource& source, uint8_t* panel);

// Rows begin … end - 1 of x, groups first_group … first_group + groups - 1 of the depth, with a panel of these: added
// to sums [end-begin,kPanelColumns] where `adds`. Each kRowsOfAStep rows ask for a part of what is wanted.
inline constexpr int64_t kRowsOfAStep = 5;
void multiply_panel(const GroupedRows& x, int64_t begin, int64_t end, int64_t first_group, int64_t groups,
                    const uint8_t* panel, bool adds, Wanted& wanted, float* sums);

// Writes the sums of so many rows, each column times its scale where there are such, plus its bias where there is one.
struct PanelTarget {
  float* to;
  int64_t stride, rows, columns;
  const float* scales;
  const float* bias;
};
void write_panel(const float* sums, const PanelTarget& target);

}  // namespace epalm::nn
