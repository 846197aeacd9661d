#pragma once

#include <ATen/ATen.h>

#include <span>
#include <vector>

#include "epalm/data/sample.h"
#include "epalm/infer/bundle.h"

namespace epalm::train {

// The text side of one training batch; int64 [B,T], right padded.
struct TextBatch {
  at::Tensor ids, mask, labels;
  at::Tensor branches;  // lm::OptInput::branches; undefined where each row has one sample
};
// Question and answer, or caption, of each sample (SPEC.md §5.1); the samples of a row share its first token. Labels
// are the ids without padding; with config.loss_only_on_answers also without the question.
TextBatch make_text_batch(const infer::Bundle& bundle, std::span<const std::vector<data::Sample>> rows);

}  // namespace epalm::train
