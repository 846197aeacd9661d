#pragma once

#include <ATen/ATen.h>

#include "epalm/lm/opt.h"

namespace epalm::model {

inline constexpr int64_t kIgnore = -100;

// input_ids with padding (mask 0) replaced by kIgnore. [B,T] int64.
at::Tensor labels_of(const at::Tensor& ids, const at::Tensor& mask);

// Sum of the token cross-entropies of each row, [B] float32 (SPEC.md §3.5): the state of text token t predicts token
// t+1; the first token of a branch (lm::OptInput::branches) is predicted by the last one of the beginning. states: of
// the text's tokens, [B,T,W] or, since the last one predicts nothing, [B,T-1,W]; labels [B,T], branches [B,T] or
// undefined. Only states that predict a label meet the vocabulary.
at::Tensor sequence_loss(const lm::Opt& lm, const at::Tensor& states, const at::Tensor& labels,
                         const at::Tensor& branches = {});

}  // namespace epalm::model
