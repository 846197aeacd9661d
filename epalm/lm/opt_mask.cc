#include "epalm/lm/opt_mask.h"

#include <limits>

namespace epalm::lm {
namespace {

constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();

at::Tensor in_same_branch(const at::Tensor& branches) {
  return branches.unsqueeze(2) == branches.unsqueeze(1);  // [B,T,T]
}

}  // namespace

at::Tensor text_attention_mask(const at::Tensor& text_mask, int64_t prompt_rows) {
  return text_attention_mask(text_mask, prompt_rows, prompt_rows + text_mask.size(1));
}

at::Tensor text_attention_mask(const at::Tensor& text_mask, int64_t prompt_rows, int64_t rows) {
  const int64_t batch = text_mask.size(0);
  const int64_t length = prompt_rows + text_mask.size(1);
  const auto options = text_mask.options().dtype(at::kFloat);
  const at::Tensor causal = at::full({rows, length}, kMinusInfinity, options).triu(length - rows + 1);
  at::Tensor padded = at::zeros({batch, length}, options);
  padded.slice(1, prompt_rows).masked_fill_(text_mask == 0, std::numeric_limits<float>::lowest());
  return causal.view({1, 1, rows, length}) + padded.view({batch, 1, 1, length});
}

at::Tensor with_perceptual_rows(const at::Tensor& mask, int64_t count, const Semantics& semantics) {
  at::Tensor wider = at::constant_pad_nd(mask, {count, 0, count, 0}, 0);
  if (!semantics.perceptual_row_sees_all) {
    wider.slice(2, 0, count).copy_(at::full({count, wider.size(3)}, kMinusInfinity, mask.options()).triu(1));
  }
  return wider;
}

at::Tensor position_rows(const at::Tensor& text_mask) {
  return at::cumsum(text_mask, 1) * text_mask + 1;
}

at::Tensor hide_other_branches(const at::Tensor& mask, const at::Tensor& branches) {
  const at::Tensor seen = in_same_branch(branches).logical_or((branches == 0).unsqueeze(1));  // [B,T,T]
  return mask.masked_fill(seen.logical_not().unsqueeze(1), kMinusInfinity);
}

at::Tensor branch_position_rows(const at::Tensor& text_mask, const at::Tensor& branches) {
  const at::Tensor before = in_same_branch(branches).tril().to(at::kLong);  // [B,T,T]
  const at::Tensor within =
      at::matmul(before, text_mask.unsqueeze(2)).squeeze(2);                // [B,T]: tokens of its branch so far
  const at::Tensor beginning = (text_mask * (branches == 0)).sum(1, true);  // [B,1]
  return (within + beginning * (branches != 0)) * text_mask + 1;
}

}  // namespace epalm::lm
