#pragma once

#include <ATen/ATen.h>

#include "epalm/nn/matrix_rows.h"

namespace epalm::model {

// Columns of the vocabulary whose logits exist at once: [R,kVocabularyBlock] float32 is a matter of megabytes.
inline constexpr int64_t kVocabularyBlock = 8192;

// Cross-entropy of softmax(x Wᵀ) against one target a row, [R], without ever holding the logits [R,V]. x [R,W],
// weight [V,W] as in nn::Linear, targets [R] int64 in [0,V). The vocabulary passes by in
// blocks of `block`, a running maximum scaling what is summed so far (as in arXiv:2205.14135, §3.1); where x needs a
// gradient, what it is per unit of each loss is summed on the way, so that a frozen weight is read once and backward
// multiplies [R,W] by [R,1]. A trained weight's gradient is computed backwards, block by block.
at::Tensor token_losses(const at::Tensor& x, const nn::MatrixRows& weight, const at::Tensor& targets,
                        int64_t block = kVocabularyBlock);

}  // namespace epalm::model
