#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "epalm/base/error.h"
#include "epalm/bench/all_rows.h"
#include "epalm/bench/arithmetic.h"
#include "epalm/bench/large_model.h"
#include "epalm/bench/plain_encoders.h"
#include "epalm/bench/plain_epalm.h"
#include "epalm/bench/race.h"
#include "epalm/bench/roofline.h"
#include "epalm/bench/training_step.h"
#include "epalm/encoders/vit.h"
#include "epalm/model/trainable.h"

namespace epalm::bench {
namespace {

constexpr int64_t kTrainImageSize = 224;
constexpr int kGrowthTurns = 5;

struct Batch {
  TrainBatch text;
  at::Tensor media;
};

Batch batch_with_media(const model::EPalm& model, int64_t size) {
  return {random_batch(model, size), at::randn({size, 3, kTrainImageSize, kTrainImageSize})};
}

at::Tensor features_of(const model::EPalm& model, const Batch& batch) {
  const at::NoGradGuard no_gradients;
  return model.features(batch.media);
}

// features undefined: the encoder sees the media.
double step(const model::EPalm& model, const Batch& batch, const at::Tensor& features) {
  return training_step(model, batch.text, features.defined() ? features : features_of(model, batch));
}

const encoders::VitConfig& vit_config(const model::EPalm& model) {
  return dynamic_cast<const encoders::Vit&>(model.encoder()).config();
}

Work work_with_encoder(const model::EPalm& model, const Batch& batch, double seconds) {
  Work work = training_work(model, batch.text, seconds);
  work.flop += vit_flop(vit_config(model), static_cast<double>(batch.text.size()));
  work.bytes += static_cast<double>(model.encoder().weights().bytes());
  return work;
}

// The published step: the encoder run every time, logits of every row.
class PlainStep {
 public:
  PlainStep(const model::EPalm& model, const nn::Weights& lm, PlainLinear linear, const nn::Weights& encoder)
      : model_(model), lm_(lm), linear_(std::move(linear)), encoder_(encoder) {}

  double operator()(const Batch& batch) const {
    forget_gradients(model_);
    const at::Tensor& ids = batch.text.ids;
    const at::Tensor features = features_of(batch.media);
    const at::Tensor logits =
        plain_logits(model_.lm().config(), lm_, linear_, model_.slots(features), model_.adapter().prompts(), ids);
    const at::Tensor loss = plain_loss(logits, ids);
    loss.backward();
    return loss.item<double>();
  }

 private:
  at::Tensor features_of(const at::Tensor& media) const {
    const at::NoGradGuard no_gradients;
    return plain_vit(vit_config(model_), encoder_, media).slice(1, 0, 1).expand({-1, kStates, -1});
  }

  const model::EPalm& model_;
  const nn::Weights& lm_;
  PlainLinear linear_;
  const nn::Weights& encoder_;
};

struct Training {
  nn::Precision precision = nn::Precision::kBFloat16;  // ours
  bool cached = false;                                 // ours: features known
  bool against_bf16 = false;                           // the twin: libtorch's bfloat16
};

Measurement measure_training(const Training& compared) {
  const lm::OptConfig lm = lm::opt_shape(kLargeLm);
  const auto exact = large_lm_weights(lm, nn::Precision::kFloat32);
  const auto rounded = nn::in_precision(exact, lm::opt_weights(lm), compared.precision);
  const model::EPalm model = large_model(lm, rounded, kLargeVit);
  model::mark_trainable(model, {});
  const auto vit_table = encoders::vit_weights(vit_config(model));
  const auto encoder = nn::in_precision(model.encoder().weights(), vit_table, nn::Precision::kFloat32);
  const Batch batch = batch_with_media(model, kTrainBatch);
  const at::Tensor features = compared.cached ? features_of(model, batch) : at::Tensor();
  const nn::Weights& twin_weights = compared.against_bf16 ? rounded : exact;
  const PlainStep twin(model, twin_weights, libtorch_linear(twin_weights), encoder);
  const PlainStep strong(model, exact, onednn_linear(exact), encoder);
  double ours_loss = 0, twin_loss = 0;
  const auto ours = [&] { ours_loss = step(model, batch, features); };
  const auto plain = [&] { twin_loss = twin(batch); };
  const RaceResult result = race(ours, plain, {.rounds = 2});
  // Random weights know nothing: both losses are near log V = 10.8; bfloat16 moves logits of size 1 by 2^-8 of it, as
  // do integers whose 127th part is rounded by half.
  require(std::abs(ours_loss - twin_loss) < 0.05, "the losses are {} and {} on the plain path", ours_loss, twin_loss);
  const double strong_s = median_seconds_of([&] { strong(batch); }, 1);
  Measurement measured;
  measured.value = kTrainBatch / result.ours_s;
  measured.twin = kTrainBatch / result.twin_s;
  measured.ratio = result.ratio;
  measured.strong = strong_s / result.ours_s;
  measured.work = compared.cached ? training_work(model, batch.text, result.ours_s)
                                  : work_with_encoder(model, batch, result.ours_s);
  measured.note = fmt::format("OPT-{} + ViT-B/16, batch {}, {} tokens, prompt of {}{}; losses {:.3f} and {:.3f}",
                              kLargeLm, kTrainBatch, kTrainTokens, kPromptTokens,
                              compared.cached ? ", features known" : "", ours_loss, twin_loss);
  return measured;
}

Measurement measure_peak(const std::filesystem::path&) {
  const lm::OptConfig lm = lm::opt_shape(kLargeLm);
  const model::EPalm model = large_model(lm, large_lm_weights(lm, nn::Precision::kBFloat16), kLargeVit);
  model::mark_trainable(model, {});
  const TrainBatch batch = random_batch(model, kTrainBatch);
  const at::Tensor features = random_features(model, kTrainBatch);
  const double seconds = median_seconds_of([&] { training_step(model, batch, features); }, 3);
  Measurement measured;
  measured.work = training_work(model, batch, seconds);
  const double rate = measured.work->flop / seconds / 1e9;
  // A layer's time is that of four products [d,d], one [d,f] and one [f,d], forward and backward.
  const int64_t rows = kTrainBatch * (1 + kPromptTokens + kTrainTokens), d = lm.hidden_size, f = lm.ffn_dim;
  const auto gflops = [&](int64_t in, int64_t out) { return product_gflops(rows, in, out, nn::Precision::kBFloat16); };
  const double square = static_cast<double>(d * d), wide = static_cast<double>(d * f);
  const double peak = (4 * square + 2 * wide) / (4 * square / gflops(d, d) + wide / gflops(d, f) + wide / gflops(f, d));
  measured.value = 100 * rate / peak;
  measured.note = fmt::format("{:.0f} of {:.0f} GFLOP/s of the products alone, {:.2f} s a step", rate, peak, seconds);
  return measured;
}

// How much dearer a sample of the dearest batch is than one of the cheapest. Batches take turns, each with as many
// samples, since the machine is faster at times; a size's figure is the median of its turns.
Measurement measure_growth(const std::filesystem::path&) {
  const lm::OptConfig lm = lm::opt_shape(kSmallLm);
  const model::EPalm model = large_model(lm, large_lm_weights(lm, nn::Precision::kBFloat16), kLargeVit);
  model::mark_trainable(model, {});
  const std::vector<int64_t> sizes{4, 8, 16, 32, 64};
  const int64_t samples = sizes.back();
  std::map<int64_t, std::vector<double>> turns;  // seconds by size
  Measurement measured;
  for (int turn = -1; turn < kGrowthTurns; ++turn) {  // the first does not count
    for (const int64_t size : sizes) {
      const TrainBatch batch = random_batch(model, size);
      const at::Tensor features = random_features(model, size);
      const double seconds = seconds_of([&] {
        for (int64_t i = 0; i < samples / size; ++i) training_step(model, batch, features);
      });
      if (turn >= 0) turns[size].push_back(seconds);
      measured.work = training_work(model, batch, seconds);  // of the largest batch
    }
  }
  std::vector<double> ms;  // a sample
  for (const int64_t size : sizes) ms.push_back(1000 * median(turns[size]) / static_cast<double>(samples));
  const auto [least, most] = std::minmax_element(ms.begin(), ms.end());
  measured.value = *most / *least;
  measured.note = fmt::format("OPT-{}, {} tokens, batches of {} in turns: {:.1f} ms a sample", kSmallLm, kTrainTokens,
                              fmt::join(sizes, ", "), fmt::join(ms, ", "));
  return measured;
}

// A model that would not fit in float32: that it runs, and in what memory.
Measurement measure_large(const std::string& opt_size, const std::string& vit, nn::Precision precision, int64_t size) {
  const lm::OptConfig lm = lm::opt_shape(opt_size);
  const model::EPalm model = large_model(lm, large_lm_weights(lm, precision), vit);
  model::mark_trainable(model, {});
  const Batch batch = batch_with_media(model, size);
  const double loss = step(model, batch, {});
  const double seconds = seconds_of([&] { step(model, batch, {}); });
  Measurement measured;
  measured.value = static_cast<double>(size) / seconds;
  measured.work = work_with_encoder(model, batch, seconds);
  measured.note =
      fmt::format("OPT-{} + {}, batch {}, {} tokens, {:.2f} GB of weights, {:.1f} s a step, loss {:.2f}", opt_size, vit,
                  size, kTrainTokens, static_cast<double>(model.lm().weights().bytes()) / 1e9, seconds, loss);
  return measured;
}

Row train_row(const std::string& name, const std::string& what, double target, const Training& compared) {
  const bool int8 = compared.precision == nn::Precision::kInt8;
  return {.name = "train." + name + (int8 ? ".int8" : ""),
          .what = fmt::format("training step in {}, {}", int8 ? "int8" : "bfloat16", what),
          .unit = "samples/s",
          .precision = int8 ? "int8" : "bf16",
          .target = Target{Target::Kind::kRatioAtLeast, bound_here(target)},
          .measure = [compared](const std::filesystem::path&) { return measure_training(compared); }};
}

}  // namespace

std::vector<Row> train_rows() {
  const std::string published = "against the published step in libtorch's float32, encoder included";
  return {
      train_row("cached", "features known, " + published, 12, {.cached = true}),
      train_row("cached", "features known, " + published, 12, {.precision = nn::Precision::kInt8, .cached = true}),
      train_row("encoder", "encoder included, " + published, 6, {}),
      train_row("encoder", "encoder included, " + published, 6, {.precision = nn::Precision::kInt8}),
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
       .measure = [](const auto&) { return measure_large("2.7b", kLargeVit, nn::Precision::kBFloat16, 4); }},
      {.name = "train.6.7b.int8",
       .what = "training step of OPT-6.7B + ViT-L/16, encoder included",
       .unit = "samples/s",
       .precision = "int8",
       .measure = [](const auto&) { return measure_large("6.7b", "vit_large_patch16_224", nn::Precision::kInt8, 4); }}};
}

}  // namespace epalm::bench
