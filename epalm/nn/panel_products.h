#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>

#include "epalm/nn/panels.h"

namespace epalm::nn {

inline constexpr int64_t kRoundedRowsOfATask = 16;  // so few are not worth another thread

// A matrix whose rows, or whose columns, make up the columns of a product.
template <typename Number>
struct PanelMatrix {
  const Number* values;
  int64_t stride;  // from one row to the next
  int64_t columns, depth;
  bool by_rows;

  // What becomes a panel: from this column of the product and this depth on.
  PanelSource<Number> source(int64_t column, int64_t at) const {
    return {.from = values + (by_rows ? column * stride + at : at * stride + column),
            .stride = stride,
            .columns = std::min(kPanelColumns, columns - column),
            .depth = std::min(kPanelDepth<Number>, depth - at)};
  }

  // The lines of such a part, asked for while so many rows meet the panel before.
  Wanted wanted(const PanelSource<Number>& part, int64_t rows) const {
    constexpr int64_t kLineBytes = 64, kSize = sizeof(Number);
    const int64_t lines = at::divup((by_rows ? part.depth : part.columns) * kSize, kLineBytes);
    const int64_t steps = std::max<int64_t>(1, rows / kMostRowsOfAStep) * (kPanelDepth<Number> / kStepDepth<Number>);
    const int64_t of_all = lines * (by_rows ? part.columns : part.depth);
    return {.at = reinterpret_cast<const char*>(part.from),
            .lines_of_row = lines,
            .stride = part.stride * kSize,
            .lines_of_step = at::divup(of_all, steps)};
  }
};

// Rows of x, GroupedRows or Bfloat16Rows, times such a matrix. Threads share out panels of columns, for some rows at a
// time: write(sums, row, rows, column) has those of one, [rows,kPanelColumns] float32 from this row and column on.
template <typename Rows, typename Write>
void multiply_by_panels(const Rows& x, int64_t rows, const PanelMatrix<typename Rows::Number>& matrix,
                        const Write& write) {
  if (rows == 0) return;
  constexpr int64_t kMostRows = 512;   // that a panel meets: their sums wait in the second cache
  constexpr int64_t kFewestRows = 32;  // that packing a panel is worth
  constexpr int64_t kDepth = kPanelDepth<typename Rows::Number>;
  const int64_t panels = at::divup(matrix.columns, kPanelColumns);
  const int64_t shared = std::min(at::divup(at::get_num_threads(), panels), at::divup(rows, kFewestRows));
  const int64_t count = at::divup(rows, std::max(shared, at::divup(rows, kMostRows)));
  at::parallel_for(0, at::divup(rows, count) * panels, 1, [&](int64_t begin, int64_t end) {
    const at::Tensor panel = at::empty({kPanelBytes}, at::kByte), sums = at::empty({count, kPanelColumns});
    for (int64_t task = begin; task < end; ++task) {
      const int64_t first = task / panels * count, last = std::min(rows, first + count);
      const int64_t column = task % panels * kPanelColumns;
      const int64_t next = task + 1 < end ? (task + 1) % panels * kPanelColumns : column;
      for (int64_t at = 0; at < matrix.depth; at += kDepth) {
        const auto part = matrix.source(column, at);
        auto* packed = panel.data_ptr<uint8_t>();
        matrix.by_rows ? pack_panel_of_rows(part, packed) : pack_panel_of_columns(part, packed);
        const auto after = at + kDepth < matrix.depth ? matrix.source(column, at + kDepth) : matrix.source(next, 0);
        multiply_panel(x, first, last, at, part.depth, packed, at > 0, matrix.wanted(after, last - first),
                       sums.data_ptr<float>());
      }
      write(sums.data_ptr<float>(), first, last - first, column);
    }
  });
}

}  // namespace epalm::nn
