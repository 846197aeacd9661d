#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/torch.h>

#include <algorithm>

#include "epalm/base/error.h"
#include "epalm/bench/all_rows.h"
#include "epalm/bench/large_model.h"
#include "epalm/bench/plain_encoders.h"
#include "epalm/bench/plain_epalm.h"
#include "epalm/bench/race.h"
#include "epalm/bench/roofline.h"
#include "epalm/encoders/vit.h"
#include "epalm/model/loss.h"
#include "epalm/model/trainable.h"

namespace epalm::bench {
namespace {

constexpr int64_t kVocabulary = 50'272, kBatch = 8, kTokens = 24, kPrompt = 10, kImageSize = 224;
constexpr const char *kLm = "1.3b", *kVit = "vit_base_patch16_224";

struct Batch {
  at::Tensor ids, mask, labels, media;
};

Batch random_batch(int64_t size) {
  at::manual_seed(5);
  Batch batch;
  batch.ids = at::randint(4, kVocabulary, {size, kTokens}, at::kLong);
  batch.mask = at::ones_like(batch.ids);
  batch.labels = model::labels_of(batch.ids, batch.mask);
  batch.media = at::randn({size, 3, kImageSize, kImageSize});
  return batch;
}

void forget_gradients(const model::EPalm& model) {
  for (const auto& [name, tensor] : model.adapter().weights().items()) tensor.mutable_grad().reset();
}

// One step but for the optimiser, whose work on the adapter is nothing beside it. features undefined: the encoder sees
// the media.
double step(const model::EPalm& model, const Batch& batch, const at::Tensor& features) {
  forget_gradients(model);
  at::Tensor seen = features;
  if (!seen.defined()) {
    const at::NoGradGuard no_gradients;
    seen = model.features(batch.media);
  }
  const at::Tensor loss = model.loss(seen, batch.ids, batch.mask, batch.labels, true).sum() /
                          static_cast<double>(batch.ids.numel() - batch.ids.size(0));
  loss.backward();
  return loss.item<double>();
}

// The published step: the encoder run every time, logits of every row.
class PlainStep {
 public:
  PlainStep(const model::EPalm& model, const nn::Weights& lm, PlainLinear linear, const nn::Weights& encoder)
      : model_(model), lm_(lm), linear_(std::move(linear)), encoder_(encoder) {}

  double operator()(const Batch& batch) const {
    forget_gradients(model_);
    const at::Tensor features = features_of(batch.media);
    const at::Tensor logits =
        plain_logits(model_.lm().config(), lm_, linear_, model_.slots(features), model_.adapter().prompts(), batch.ids);
    const at::Tensor loss = plain_loss(logits, batch.ids);
    loss.backward();
    return loss.item<double>();
  }

 private:
  at::Tensor features_of(const at::Tensor& media) const {
    const at::NoGradGuard no_gradients;
    auto config = dynamic_cast<const encoders::Vit&>(model_.encoder()).config();
    const int64_t states = model_.adapter().config().injected_hidden_states;
    return plain_vit(config, encoder_, media).slice(1, 0, 1).expand({-1, states, -1});
  }

  const model::EPalm& model_;
  const nn::Weights& lm_;
  PlainLinear linear_;
  const nn::Weights& encoder_;
};

struct TrainWork {
  bool cached = false;        // ours: features known
  bool against_bf16 = false;  // the twin: libtorch's bfloat16
};

Measurement measure(const TrainWork& work) {
  const auto exact = large_lm_weights(kLm, nn::Precision::kFloat32);
  const auto table = lm::opt_weights(lm::opt_shape(kLm));
  const auto rounded = nn::in_precision(exact, table, nn::Precision::kBFloat16);
  const model::EPalm model = large_model(kLm, rounded, kVit);
  model::mark_trainable(model, {});
  const auto vit_config = dynamic_cast<const encoders::Vit&>(model.encoder()).config();
  const auto vit_table = encoders::vit_weights(vit_config);
  const auto encoder = nn::in_precision(model.encoder().weights(), vit_table, nn::Precision::kFloat32);
  const Batch batch = random_batch(kBatch);
  at::Tensor features;
  if (work.cached) {
    const at::NoGradGuard no_gradients;
    features = model.features(batch.media);
  }
  const nn::Weights& twin_weights = work.against_bf16 ? rounded : exact;
  const PlainStep twin(model, twin_weights, libtorch_linear(twin_weights), encoder);
  const PlainStep strong(model, exact, onednn_linear(exact), encoder);
  double ours_loss = 0, twin_loss = 0;
  const auto ours = [&] { ours_loss = step(model, batch, features); };
  const auto plain = [&] { twin_loss = twin(batch); };
  const RaceResult result = race(ours, plain, {.rounds = 2});
  // Random weights know nothing: both losses are near log V = 10.8; bfloat16 moves logits of size 1 by 2^-8 of it.
  require(std::abs(ours_loss - twin_loss) < 0.05, "the losses are {} and {} on the plain path", ours_loss, twin_loss);
  const double strong_s = median_seconds_of([&] { strong(batch); }, 1);
  Measurement measured;
  measured.value = kBatch / result.ours_s;
  measured.twin = kBatch / result.twin_s;
  measured.ratio = result.ratio;
  measured.strong = strong_s / result.ours_s;
  measured.note = fmt::format("OPT-{} + ViT-B/16, batch {}, {} tokens, prompt of {}{}; losses {:.3f} and {:.3f}", kLm,
                              kBatch, kTokens, kPrompt, work.cached ? ", features known" : "", ours_loss, twin_loss);
  return measured;
}

// Forward and dX products of every layer over all rows and of the head over the labelled ones.
double needed_flop(const lm::OptConfig& config, int64_t rows, int64_t labelled) {
  const auto d = static_cast<double>(config.hidden_size), f = static_cast<double>(config.ffn_dim);
  const double layer = 4 * d * d + 2 * d * f;
  return 2 * 2 *
         (static_cast<double>(rows * config.num_hidden_layers) * layer +
          static_cast<double>(labelled * config.vocab_size) * d);
}

Measurement measure_peak(const std::filesystem::path&) {
  const model::EPalm model = large_model(kLm, large_lm_weights(kLm, nn::Precision::kBFloat16), kVit);
  model::mark_trainable(model, {});
  const Batch batch = random_batch(kBatch);
  const at::Tensor features = at::randn({kBatch, 6, 768});
  const double seconds = median_seconds_of([&] { step(model, batch, features); }, 3);
  const lm::OptConfig& config = model.lm().config();
  const int64_t rows = kBatch * (kTokens + kPrompt + 1), d = config.hidden_size, f = config.ffn_dim;
  const double rate = needed_flop(config, rows, kBatch * (kTokens - 1)) / seconds / 1e9;
  // A layer's time is that of four products [d,d], one [d,f] and one [f,d], forward and backward.
  const auto gflops = [&](int64_t in, int64_t out) { return product_gflops(rows, in, out, nn::Precision::kBFloat16); };
  const double square = static_cast<double>(d * d), wide = static_cast<double>(d * f);
  const double peak = (4 * square + 2 * wide) / (4 * square / gflops(d, d) + wide / gflops(d, f) + wide / gflops(f, d));
  Measurement measured;
  measured.value = 100 * rate / peak;
  measured.note = fmt::format("{:.0f} of {:.0f} GFLOP/s of the products alone, {:.2f} s a step", rate, peak, seconds);
  return measured;
}

// How much dearer a sample of the dearest batch is than one of the cheapest.
Measurement measure_growth(const std::filesystem::path&) {
  const model::EPalm model = large_model(kLm, large_lm_weights(kLm, nn::Precision::kBFloat16), kVit);
  model::mark_trainable(model, {});
  const std::vector<int64_t> sizes{4, 8, 16, 32, 64};
  std::vector<double> ms;  // a sample
  for (const int64_t size : sizes) {
    const Batch batch = random_batch(size);
    const at::Tensor features = at::randn({size, 6, 768});
    const double seconds = median_seconds_of([&] { step(model, batch, features); }, 2);
    ms.push_back(1000 * seconds / static_cast<double>(size));
  }
  const auto [least, most] = std::minmax_element(ms.begin(), ms.end());
  Measurement measured;
  measured.value = *most / *least;
  measured.note = fmt::format("OPT-{}, {} tokens, batches of {}: {:.0f} ms a sample", kLm, kTokens,
                              fmt::join(sizes, ", "), fmt::join(ms, ", "));
  return measured;
}

// A model that would not fit in float32: that it runs, and in what memory.
Measurement measure_large(const std::string& opt_size, const std::string& vit, nn::Precision precision, int64_t size) {
  const model::EPalm model = large_model(opt_size, large_lm_weights(opt_size, precision), vit);
  model::mark_trainable(model, {});
  const Batch batch = random_batch(size);
  const double loss = step(model, batch, {});
  const double seconds = seconds_of([&] { step(model, batch, {}); });
  Measurement measured;
  measured.value = static_cast<double>(size) / seconds;
  measured.note =
      fmt::format("OPT-{} + {}, batch {}, {} tokens, {:.2f} GB of weights, {:.1f} s a step, loss {:.2f}", opt_size, vit,
                  size, kTokens, static_cast<double>(model.lm().weights().bytes()) / 1e9, seconds, loss);
  return measured;
}

Row train_row(const std::string& name, const std::string& what, double target, const TrainWork& work) {
  return {.name = "train." + name,
          .what = "training step in bfloat16, " + what,
          .unit = "samples/s",
          .precision = "bf16",
          .target = Target{Target::Kind::kRatioAtLeast, bound_here(target)},
          .measure = [work](const std::filesystem::path&) { return measure(work); }};
}

}  // namespace

std::vector<Row> train_rows() {
  const std::string published = "against the published step in libtorch's float32, encoder included";
  return {
      train_row("cached", "features known, " + published, 12, {.cached = true}),
      train_row("encoder", "encoder included, " + published, 6, {}),
      train_row("bf16", "encoder included, against the same graph in libtorch's bfloat16", 2.5, {.against_bf16 = true}),
      {.name = "train.peak",
       .what = "arithmetic of the products that a step needs, as a share of the rate of such products alone",
       .unit = "%",
       .precision = "bf16",
       .target = Target{Target::Kind::kValueAtLeast, 55},
       .measure = measure_peak},
      {.name = "growth.batch",
       .what = "training time of a sample in the dearest of batches from 4 to 64 over that in the cheapest",
       .unit = "x",
       .precision = "bf16",
       .target = Target{Target::Kind::kValueAtMost, 1.15},
       .measure = measure_growth},
      {.name = "train.2.7b.bf16",
       .what = "training step of OPT-2.7B + ViT-B/16, encoder included",
       .unit = "samples/s",
       .precision = "bf16",
       .measure = [](const auto&) { return measure_large("2.7b", kVit, nn::Precision::kBFloat16, 4); }},
      {.name = "train.6.7b.int8",
       .what = "training step of OPT-6.7B + ViT-L/16, encoder included",
       .unit = "samples/s",
       .precision = "int8",
       .measure = [](const auto&) { return measure_large("6.7b", "vit_large_patch16_224", nn::Precision::kInt8, 4); }}};
}

}  // namespace epalm::bench
