#include "epalm/model/loss.h"

#include "epalm/base/shapes.h"
#include "epalm/model/token_losses.h"

namespace epalm::model {
namespace {

// Whether the next token is the first of a branch; [B,T-1].
at::Tensor begins_branch(const at::Tensor& branches) {
  const at::Tensor next = branches.slice(1, 1);
  return (next != branches.slice(1, 0, -1)).logical_and(next != 0);
}

// Where the beginning that all branches share ends; [B,1].
at::Tensor last_of_beginning(const at::Tensor& branches) {
  return (branches != 0).to(at::kLong).argmax(1, true) - 1;
}

}  // namespace

at::Tensor labels_of(const at::Tensor& ids, const at::Tensor& mask) {
  return ids.masked_fill(mask == 0, kIgnore);
}

at::Tensor sequence_loss(const lm::Opt& lm, const at::Tensor& states, const at::Tensor& labels,
                         const at::Tensor& branches) {
  const int64_t text = labels.size(1), rows = states.size(1);
  check_shape(labels, {states.size(0), text}, "labels");
  EPALM_ASSERT(rows == text || rows + 1 == text);
  const at::Tensor targets = labels.slice(1, 1);  // [B,T-1]
  at::Tensor predicting = at::arange(text - 1, labels.options()).expand_as(targets);
  if (branches.defined()) predicting = at::where(begins_branch(branches), last_of_beginning(branches), predicting);
  const at::Tensor labelled = (targets != kIgnore).nonzero();  // [R,2]: row, place
  const at::Tensor row = labelled.select(1, 0);
  const at::Tensor place = predicting.index({row, labelled.select(1, 1)});
  const at::Tensor chosen = states.reshape({-1, states.size(2)}).index_select(0, row * rows + place);  // [R,W]
  const at::Tensor wanted = targets.index({row, labelled.select(1, 1)});
  const at::Tensor losses =
      token_losses(chosen, lm.weights().rows("model.decoder.embed_tokens.weight"), wanted);  // [R]
  return at::zeros({labels.size(0)}, losses.options()).index_add(0, row, losses);
}

}  // namespace epalm::model
