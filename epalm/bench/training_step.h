#pragma once

#include "epalm/bench/row.h"
#include "epalm/model/epalm_model.h"

namespace epalm::bench {

// As in the published image tasks.
inline constexpr int64_t kTrainBatch = 8, kTrainTokens = 24;

// Random texts without padding, every token but the first to be predicted.
struct TrainBatch {
  at::Tensor ids, mask, labels;  // [B,T]

  int64_t size() const { return ids.size(0); }
  int64_t predicted() const { return ids.numel() - ids.size(0); }  // tokens
};

// The same at every call.
TrainBatch random_batch(const model::EPalm& model, int64_t size, int64_t tokens = kTrainTokens);

// Of every parameter of the model.
void forget_gradients(const model::EPalm& model);

// Mean loss of a token.
at::Tensor mean_loss(const model::EPalm& model, const TrainBatch& batch, const at::Tensor& features);

// One training step but for the optimiser, whose work on the adapter is nothing beside it. Gives the loss.
double training_step(const model::EPalm& model, const TrainBatch& batch, const at::Tensor& features);

// What such a step needs of the machine: products forward and for dX, weights read for each.
Work training_work(const model::EPalm& model, const TrainBatch& batch, double seconds);

}  // namespace epalm::bench
