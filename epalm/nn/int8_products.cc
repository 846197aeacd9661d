#include "epalm/nn/int8_products.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "epalm/base/shapes.h"
#include "epalm/nn/cpu_isa.h"
#include "epalm/nn/int8_kernels.h"

namespace epalm::nn {
namespace {

constexpr int64_t kMostRows = 512;  // of x that a panel meets: their sums wait in the second cache
constexpr int64_t kRowsOfATask = 16;
constexpr int64_t kLineBytes = 64;

class Int8Product {
 public:
  // by_rows: whether the rows of the matrix make up the columns of the result, or its columns do.
  Int8Product(const at::Tensor& x, const at::Tensor& values, bool by_rows, const float* factors)
      : values_(values),
        by_rows_(by_rows),
        rows_(x.size(0)),
        depth_(x.size(1)),
        groups_(at::divup(depth_, kGroupDepth)) {
    EPALM_ASSERT(values.is_contiguous() && values.scalar_type() == at::kChar && x.scalar_type() == at::kFloat);
    const at::Tensor numbers = x.contiguous();
    rounded_ = at::empty({rows_, groups_ * kGroupDepth}, at::kChar);
    offsets_ = at::empty({rows_, groups_}, at::kInt);
    row_scales_ = at::empty({rows_, groups_});
    at::parallel_for(0, rows_, kRowsOfATask, [&](int64_t begin, int64_t end) {
      round_groups(numbers.data_ptr<float>(), depth_, factors, begin, end, rounded());
    });
  }

  at::Tensor compute(const float* scales, const float* bias) {
    const int64_t columns = values_.size(by_rows_ ? 0 : 1);
    at::Tensor out = at::empty({rows_, columns});
    at::parallel_for(0, at::divup(columns, kPanelColumns), 1, [&](int64_t begin, int64_t end) {
      const at::Tensor panel = at::empty({kPanelGroups, kGroupDepth, kPanelColumns}, at::kByte);
      const at::Tensor sums = at::empty({std::min(rows_, kMostRows), kPanelColumns});
      for (int64_t j = begin; j < end; ++j) {
        const int64_t first = j * kPanelColumns, count = std::min(kPanelColumns, columns - first);
        for (int64_t row = 0; row < rows_; row += kMostRows) {
          const int64_t last = std::min(rows_, row + kMostRows);
          const bool next = last == rows_ && j + 1 < end;
          sum_up(row, last, first, next ? first + kPanelColumns : first, panel.data_ptr<uint8_t>(),
                 sums.data_ptr<float>());
          write_panel(sums.data_ptr<float>(), {.to = out.data_ptr<float>() + row * columns + first,
                                               .stride = columns,
                                               .rows = last - row,
                                               .columns = count,
                                               .scales = scales == nullptr ? nullptr : scales + first,
                                               .bias = bias == nullptr ? nullptr : bias + first});
        }
      }
    });
    return out;
  }

 private:
  GroupedRows rounded() const {
    return {.values = rounded_.data_ptr<int8_t>(),
            .offsets = offsets_.data_ptr<int32_t>(),
            .scales = row_scales_.data_ptr<float>(),
            .rows = rows_,
            .depth = groups_ * kGroupDepth};
  }

  // What becomes a panel: of the result's columns from `column` on and of the groups from `group` on.
  PanelSource source_of(int64_t column, int64_t group) const {
    const int64_t stride = values_.size(1), depth = group * kGroupDepth;
    const int64_t place = by_rows_ ? column * stride + depth : depth * stride + column;
    return {.from = values_.data_ptr<int8_t>() + place,
            .stride = stride,
            .columns = std::min(kPanelColumns, values_.size(by_rows_ ? 0 : 1) - column),
            .depth = std::min(kPanelGroups * kGroupDepth, depth_ - depth)};
  }

  // Its lines, asked for while so many rows meet the panel before.
  Wanted wanted_of(const PanelSource& source, int64_t rows) const {
    const int64_t lines = at::divup(by_rows_ ? source.depth : source.columns, kLineBytes);
    const int64_t of_all = lines * (by_rows_ ? source.columns : source.depth);
    return {.at = reinterpret_cast<const char*>(source.from),
            .lines_of_row = lines,
            .stride = source.stride,
            .lines_of_step = at::divup(of_all, std::max<int64_t>(1, rows / kRowsOfAStep))};
  }

  // Rows row … last - 1 of x with the columns from `column` on; what comes then begins at `next`.
  void sum_up(int64_t row, int64_t last, int64_t column, int64_t next, uint8_t* panel, float* sums) const {
    for (int64_t group = 0; group < groups_; group += kPanelGroups) {
      const int64_t behind = group + kPanelGroups;
      (by_rows_ ? pack_panel_of_rows : pack_panel_of_columns)(source_of(column, group), panel);
      Wanted wanted = wanted_of(behind < groups_ ? source_of(column, behind) : source_of(next, 0), last - row);
      multiply_panel(rounded(), row, last, group, std::min(kPanelGroups, groups_ - group), panel, group > 0, wanted,
                     sums);
    }
  }

  at::Tensor values_, rounded_, offsets_, row_scales_;
  bool by_rows_;
  int64_t rows_, depth_, groups_;
};

}  // namespace

bool suits_int8_products() {
  return cpu_adds_up_int8() && !cpu_multiplies_tiles();
}

at::Tensor int8_product(const at::Tensor& x, const at::Tensor& values, const at::Tensor& scales,
                        const at::Tensor& bias) {
  check_shape(values, {kAny, kAny}, "matrix in 8 bits");
  check_shape(x, {kAny, values.size(1)}, "rows to multiply");
  check_shape(scales, {values.size(0)}, "scales of the matrix");
  const at::Tensor added = bias.defined() ? bias.to(at::kFloat).contiguous() : at::Tensor();
  return Int8Product(x, values, true, nullptr)
      .compute(scales.data_ptr<float>(), added.defined() ? added.data_ptr<float>() : nullptr);
}

at::Tensor int8_gradient_product(const at::Tensor& dy, const at::Tensor& values, const at::Tensor& scales) {
  check_shape(values, {kAny, kAny}, "matrix in 8 bits");
  check_shape(dy, {kAny, values.size(0)}, "gradients to multiply");
  check_shape(scales, {values.size(0)}, "scales of the matrix");
  return Int8Product(dy, values, false, scales.data_ptr<float>()).compute(nullptr, nullptr);
}

}  // namespace epalm::nn
