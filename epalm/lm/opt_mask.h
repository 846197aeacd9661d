#pragma once

#include <ATen/ATen.h>

#include "epalm/base/semantics.h"

namespace epalm::lm {

// Additive attention mask of [prompts, text], float32 [B,1,N+T,N+T]: -inf above the diagonal, plus the lowest float on
// the columns of padding (SPEC.md §1.2). text_mask [B,T] int64, 1 token, 0 padding; prompts count as tokens.
at::Tensor text_attention_mask(const at::Tensor& text_mask, int64_t prompt_rows);
// Its last rows alone, [B,1,rows,N+T].
at::Tensor text_attention_mask(const at::Tensor& text_mask, int64_t prompt_rows, int64_t rows);

// Such a mask [B,1,R,S] with K perceptual rows and columns added at the front, [B,1,K+R,K+S]. Everyone behind them sees
// them; they see everything under reference semantics, and each itself and those before it otherwise (SPEC.md §3.4, of
// K = 1).
at::Tensor with_perceptual_rows(const at::Tensor& mask, int64_t count, const Semantics& semantics);

// Rows of the position table: cumsum(mask)·mask - 1 + 2, so padding uses row 1 (SPEC.md §1.1). [B,T] int64.
at::Tensor position_rows(const at::Tensor& text_mask);

// Several continuations of one beginning in one row, each as if it stood alone behind it. branches [B,T] int64: 0 the
// beginning, k > 0 its k-th continuation.
at::Tensor hide_other_branches(const at::Tensor& mask, const at::Tensor& branches);  // mask [B,1,T,T], the same back
at::Tensor branch_position_rows(const at::Tensor& text_mask, const at::Tensor& branches);

}  // namespace epalm::lm
