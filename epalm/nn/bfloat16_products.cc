#include "epalm/nn/bfloat16_products.h"

#include "epalm/base/error.h"
#include "epalm/nn/cpu_isa.h"
#include "epalm/nn/panel_products.h"
#include "epalm/nn/tile_products.h"

namespace epalm::nn {
namespace {

constexpr int64_t kLeastDepth = 128, kFewestColumns = 256;  // of smaller products packing takes the most time

const uint16_t* halves(const at::Tensor& t) {
  return static_cast<const uint16_t*>(t.data_ptr());
}

// a in bfloat16, its columns even in number and each row in one piece.
at::Tensor left_side(const at::Tensor& a) {
  const int64_t rows = a.size(0), columns = a.size(1), even = at::divup(columns, 2) * 2;
  if (a.scalar_type() == at::kBFloat16) {
    return columns != even ? at::constant_pad_nd(a, {0, 1}, 0) : a.stride(1) == 1 ? a : a.contiguous();
  }
  const at::Tensor numbers = a.stride(1) == 1 ? a : a.contiguous(), rounded = at::empty({rows, even}, at::kBFloat16);
  at::parallel_for(0, rows, kRoundedRowsOfATask, [&](int64_t begin, int64_t end) {
    round_rows(numbers.data_ptr<float>(), numbers.stride(0), columns, begin, end, even,
               static_cast<uint16_t*>(rounded.data_ptr()));
  });
  return rounded;
}

}  // namespace

bool suits_bfloat16_products(const at::Tensor& b) {
  return (cpu_multiplies_tiles() || cpu_adds_up_bfloat16()) && b.device().is_cpu() &&
         b.scalar_type() == at::kBFloat16 && (b.stride(0) == 1 || b.stride(1) == 1) && b.size(0) >= kLeastDepth &&
         b.size(1) >= kFewestColumns;
}

bool suits_bfloat16_products(const at::Tensor& a, const at::Tensor& b) {
  return a.device().is_cpu() && (a.scalar_type() == at::kBFloat16 || a.scalar_type() == at::kFloat) &&
         suits_bfloat16_products(b);
}

at::Tensor panel_product(const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias, Finish finish,
                         const at::Tensor& positive) {
  const at::Tensor left = left_side(a), added = bias.defined() ? bias.to(at::kFloat).contiguous() : at::Tensor();
  const bool by_rows = b.stride(0) == 1;
  const PanelMatrix<uint16_t> matrix{.values = halves(b),
                                     .stride = b.stride(by_rows ? 1 : 0),
                                     .columns = b.size(1),
                                     .depth = b.size(0),
                                     .by_rows = by_rows};
  at::Tensor out = at::empty({a.size(0), matrix.columns}, finish == Finish::kNone ? at::kFloat : at::kBFloat16);
  multiply_by_panels(
      Bfloat16Rows{.values = halves(left), .stride = left.stride(0)}, a.size(0), matrix,
      [&](const float* sums, int64_t row, int64_t rows, int64_t column) {
        const int64_t place = row * matrix.columns + column;
        write_bfloat16_panel(
            sums, {.to = static_cast<std::byte*>(out.data_ptr()) + place * static_cast<int64_t>(out.element_size()),
                   .stride = matrix.columns,
                   .rows = rows,
                   .columns = std::min(kPanelColumns, matrix.columns - column),
                   .bias = added.defined() ? added.data_ptr<float>() + column : nullptr,
                   .finish = finish,
                   .positive = positive.defined() ? halves(positive) + place : nullptr});
      });
  return out;
}

at::Tensor bfloat16_product(const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias, Finish finish,
                            const at::Tensor& positive) {
  EPALM_ASSERT(a.dim() == 2 && b.dim() == 2 && a.size(1) == b.size(0));
  EPALM_ASSERT((a.scalar_type() == at::kBFloat16 || a.scalar_type() == at::kFloat) && b.scalar_type() == at::kBFloat16);
  EPALM_ASSERT(!positive.defined() ||
               (finish != Finish::kNone && positive.is_contiguous() && positive.scalar_type() == at::kBFloat16 &&
                positive.size(0) == a.size(0) && positive.size(1) == b.size(1)));
  return (cpu_multiplies_tiles() ? tile_product : panel_product)(a, b, bias, finish, positive);
}

}  // namespace epalm::nn
