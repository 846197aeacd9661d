#include "epalm/bench/training_step.h"

#include "epalm/bench/arithmetic.h"
#include "epalm/bench/large_model.h"
#include "epalm/model/loss.h"
#include "epalm/model/trainable.h"

namespace epalm::bench {
namespace {

constexpr int64_t kFirstToken = 2;  // of every text: </s>

// Until a token is injected, the prompts' rows and those of the first token are the same in all texts. A text's last
// token has none. Nobody reads what the next layer overwrites, nor, behind the last one, what is no text.
std::vector<LayerRows> rows_of_layers(const model::EPalm& model, const TrainBatch& batch) {
  const int64_t prompts = model.adapter().prompts().defined() ? model.adapter().prompts().size(0) : 0;
  const auto texts = static_cast<double>(batch.size()), tokens = static_cast<double>(batch.predicted());
  const auto before = static_cast<double>(prompts);
  const double shared = prompts > 0 ? before + tokens - (texts - 1) : tokens;
  const auto plan = adapter::injection_plan(model.adapter().config(), model.lm().config().num_hidden_layers);
  std::vector<LayerRows> rows;
  bool injected = false;
  for (size_t i = 0; i < plan.size(); ++i) {
    injected = injected || plan[i] >= 0;
    const double all = injected ? texts * (1 + before) + tokens : shared;
    const bool ends = i + 1 == plan.size(), overwritten = !ends && injected && plan[i + 1] >= 0;
    rows.push_back({all, ends ? tokens : overwritten ? all - texts : all});
  }
  return rows;
}

}  // namespace

TrainBatch random_batch(const model::EPalm& model, int64_t size, int64_t tokens) {
  at::manual_seed(5);
  TrainBatch batch;
  batch.ids = random_ids(model, size, tokens);
  batch.ids.select(1, 0).fill_(kFirstToken);
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
  const nn::Weights& weights = model.lm().weights();
  return {.flop = training_flop(model.lm().config(), rows_of_layers(model, batch),
                                static_cast<double>(batch.predicted()), model::layers_reached(model)),
          .bytes = 2 * static_cast<double>(weights.bytes()),
          .precision = precision_of_products(weights, true),
          .seconds = seconds};
}

}  // namespace epalm::bench
