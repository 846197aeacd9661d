#include "epalm/model/loss.h"

#include "epalm/base/shapes.h"
#include "epalm/model/token_losses.h"

namespace epalm::model {

at::Tensor labels_of(const at::Tensor& ids, const at::Tensor& mask) {
  return ids.masked_fill(mask == 0, kIgnore);
}

at::Tensor sequence_loss(const lm::Opt& lm, const at::Tensor& hidden, const at::Tensor& labels) {
  const int64_t text = labels.size(1);
  check_shape(labels, {hidden.size(0), text}, "labels");
  EPALM_ASSERT(hidden.size(1) >= text);
  const at::Tensor targets = labels.slice(1, 1);                                             // [B,T-1]
  const at::Tensor predicting = hidden.slice(1, hidden.size(1) - text, hidden.size(1) - 1);  // [B,T-1,W]
  const at::Tensor at_row = (targets.reshape({-1}) != kIgnore).nonzero().squeeze(1);         // [R]
  const at::Tensor rows = predicting.reshape({-1, predicting.size(2)}).index_select(0, at_row);
  const at::Tensor wanted = targets.reshape({-1}).index_select(0, at_row);
  const at::Tensor losses = token_losses(rows, lm.weights().at("model.decoder.embed_tokens.weight"), wanted);  // [R]
  const at::Tensor sample = at::div(at_row, text - 1, "floor");
  return at::zeros({labels.size(0)}, losses.options()).index_add(0, sample, losses);
}

}  // namespace epalm::model
