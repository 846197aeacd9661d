#include "epalm/bench/training_step.h"

#include "epalm/bench/arithmetic.h"
#include "epalm/bench/large_model.h"
#include "epalm/model/loss.h"
#include "epalm/model/trainable.h"

namespace epalm::bench {

TrainBatch random_batch(const model::EPalm& model, int64_t size, int64_t tokens) {
  at::manual_seed(5);
  TrainBatch batch;
  batch.ids = random_ids(model, size, tokens);
  batch.mask = at::ones_like(batch.ids);
  batch.labels = model::labels_of(batch.ids, batch.mask);
  return batch;
}

void forget_gradients(const model::EPalm& model) {
  for (const auto& [name, tensor] : model.parameters()) tensor.mutable_grad().reset();
}

at::Tensor mean_loss(const model::EPalm& model, const TrainBatch& batch, const at::Tensor& features) {
  return model.loss(features, batch.ids, batch.mask, batch.labels, true).sum() / static_cast<double>(batch.predicted());
}

double training_step(const model::EPalm& model, const TrainBatch& batch, const at::Tensor& features) {
  forget_gradients(model);
  const at::Tensor loss = mean_loss(model, batch, features);
  loss.backward();
  return loss.item<double>();
}

Work training_work(const model::EPalm& model, const TrainBatch& batch, double seconds) {
  const int64_t before = 1 + (model.adapter().prompts().defined() ? model.adapter().prompts().size(0) : 0);
  const auto rows = static_cast<double>(batch.size() * (before + batch.ids.size(1)));
  const nn::Weights& weights = model.lm().weights();
  const at::Tensor& positions = weights.at("model.decoder.embed_positions.weight");  // rounded, never quantized
  const bool exact = positions.scalar_type() == at::kFloat;
  return {.flop = training_flop(model.lm().config(), rows, static_cast<double>(batch.predicted()),
                                model::layers_reached(model)),
          .bytes = 2 * static_cast<double>(weights.bytes()),
          .precision = exact ? nn::Precision::kFloat32 : nn::Precision::kBFloat16,
          .seconds = seconds};
}

}  // namespace epalm::bench
