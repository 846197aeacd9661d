#include "epalm/nn/int8_products.h"

#include "epalm/base/shapes.h"
#include "epalm/nn/cpu_isa.h"
#include "epalm/nn/panel_products.h"

namespace epalm::nn {
namespace {

// x [M,K], each number times factors[column] where there are such, with a matrix whose rows or columns make up those of
// the result.
at::Tensor multiplied(const at::Tensor& x, const float* factors, const at::Tensor& values, bool by_rows,
                      const float* scales, const float* bias) {
  EPALM_ASSERT(values.is_contiguous() && values.scalar_type() == at::kChar && x.scalar_type() == at::kFloat);
  const int64_t rows = x.size(0), groups = at::divup(x.size(1), kGroupDepth);
  const at::Tensor numbers = x.contiguous(), rounded = at::empty({rows, groups * kGroupDepth}, at::kChar);
  const at::Tensor offsets = at::empty({rows, groups}, at::kInt), row_scales = at::empty({rows, groups});
  const GroupedRows left{.values = rounded.data_ptr<int8_t>(),
                         .offsets = offsets.data_ptr<int32_t>(),
                         .scales = row_scales.data_ptr<float>(),
                         .depth = groups * kGroupDepth};
  at::parallel_for(0, rows, kRoundedRowsOfATask, [&](int64_t begin, int64_t end) {
    round_groups(numbers.data_ptr<float>(), x.size(1), factors, begin, end, left);
  });
  const PanelMatrix<int8_t> matrix{.values = values.data_ptr<int8_t>(),
                                   .stride = values.size(1),
                                   .columns = values.size(by_rows ? 0 : 1),
                                   .depth = x.size(1),
                                   .by_rows = by_rows};
  at::Tensor out = at::empty({rows, matrix.columns});
  multiply_by_panels(left, rows, matrix, [&](const float* sums, int64_t row, int64_t count, int64_t column) {
    write_int8_panel(sums, {.to = out.data_ptr<float>() + row * matrix.columns + column,
                            .stride = matrix.columns,
                            .rows = count,
                            .columns = std::min(kPanelColumns, matrix.columns - column),
                            .scales = scales == nullptr ? nullptr : scales + column,
                            .bias = bias == nullptr ? nullptr : bias + column});
  });
  return out;
}

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
  return multiplied(x, nullptr, values, true, scales.data_ptr<float>(),
                    added.defined() ? added.data_ptr<float>() : nullptr);
}

at::Tensor int8_gradient_product(const at::Tensor& dy, const at::Tensor& values, const at::Tensor& scales) {
  check_shape(values, {kAny, kAny}, "matrix in 8 bits");
  check_shape(dy, {kAny, values.size(0)}, "gradients to multiply");
  check_shape(scales, {values.size(0)}, "scales of the matrix");
  return multiplied(dy, scales.data_ptr<float>(), values, false, nullptr, nullptr);
}

}  // namespace epalm::nn
