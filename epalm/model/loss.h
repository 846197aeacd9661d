#pragma once

#include <ATen/ATen.h>

#include "epalm/lm/opt.h"

namespace epalm::model {

inline constexpr int64_t kIgnore = -100;

// input_ids with padding (mask 0) replaced by kIgnore. [B,T] int64.
at::Tensor labels_of(const at::Tensor& ids, const at::Tensor& mask);

// Sum of the token cross-entropies of each sample, [B] float32 (SPEC.md §3.5): the row of text token t predicts token
// t+1. hidden [B,S,W] with the text in its last T rows, labels [B,T]. Only rows that carry a label meet the vocabulary.
at::Tensor sequence_loss(const lm::Opt& lm, const at::Tensor& hidden, const at::Tensor& labels);

}  // namespace epalm::model
