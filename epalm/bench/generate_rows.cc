#include <fmt/format.h>

#include "epalm/base/error.h"
#include "epalm/bench/all_rows.h"
#include "epalm/bench/generating.h"
#include "epalm/bench/large_model.h"
#include "epalm/bench/plain_epalm.h"
#include "epalm/bench/race.h"
#include "epalm/bench/roofline.h"

namespace epalm::bench {
namespace {

struct Generation {
  int64_t batch, beams;
  nn::Precision precision;
};

// The published program computes every token anew, so its seconds grow with the length of the text evenly: those of
// the first, the middle and the last token stand for all twenty.
double plain_seconds(const model::EPalm& model, const nn::Weights& weights, const PlainLinear& linear,
                     const at::Tensor& features, int64_t beams) {
  const lm::OptConfig& config = model.lm().config();
  const at::Tensor rows = features.repeat_interleave(beams, 0);
  double seconds = 0;
  for (const int64_t length : {kKnownTokens, kKnownTokens + kNewTokens / 2, kKnownTokens + kNewTokens - 1}) {
    const at::Tensor ids = random_ids(model, rows.size(0), length);
    seconds += seconds_of(
        [&] { plain_logits(config, weights, linear, model.slots(rows), model.adapter().prompts(), ids).argmax(-1); });
  }
  return seconds / 3 * kNewTokens;
}

// Ours in float32 on the same weights gives the plain path's logits, so the twin computes the same thing. Logits are
// sums of 2048 products of numbers of size 1 and 0.02; a layer rounds each of its numbers some 2048 times in another
// order: 24 layers · sqrt(2048) · 2^-24 · 4, with sums of size up to 8 in between.
void check_plain(const model::EPalm& model, const nn::Weights& weights, const at::Tensor& features) {
  constexpr double kTolerance = 2e-3;
  const at::Tensor ids = random_ids(model, features.size(0), kKnownTokens);
  const at::Tensor plain = plain_logits(model.lm().config(), weights, libtorch_linear(weights), model.slots(features),
                                        model.adapter().prompts(), ids);
  const at::Tensor ours = model.next_token_logits(features, ids, at::ones_like(ids));
  const double difference = (ours - plain.select(1, plain.size(1) - 1)).abs().max().item<double>();
  require(difference <= kTolerance, "generation and its plain path differ by {}; expected at most {}", difference,
          kTolerance);
}

Measurement measure_generation(const Generation& compared) {
  const at::NoGradGuard no_gradients;
  at::manual_seed(4);
  const lm::OptConfig lm = lm::opt_shape(kLargeLm);
  const auto weights = large_lm_weights(lm, nn::Precision::kFloat32);
  at::Tensor features;
  double plain_s = 0, strong_s = 0;
  {
    const auto exact = large_model(lm, weights, kLargeVit);
    features = random_features(exact, compared.batch);
    check_plain(exact, weights, features.narrow(0, 0, 1));
    plain_s = plain_seconds(exact, weights, libtorch_linear(weights), features, compared.beams);
    strong_s = plain_seconds(exact, weights, onednn_linear(weights), features, compared.beams);
  }
  const auto model = large_model(lm, nn::in_precision(weights, lm::opt_weights(lm), compared.precision), kLargeVit);
  const at::Tensor ids = random_ids(model, compared.batch, kKnownTokens);
  const auto options = caption_options(compared.beams);
  const double ours_s = median_seconds_of([&] { generate_captions(model, features, ids, options); }, 3);
  const auto tokens = static_cast<double>(compared.batch * kNewTokens);
  Measurement measured;
  measured.value = tokens / ours_s;
  measured.twin = tokens / plain_s;
  measured.ratio = plain_s / ours_s;
  measured.strong = strong_s / ours_s;
  measured.work = generation_work(model, compared.batch, compared.beams, ours_s);
  measured.note = fmt::format("OPT-{}, {}weights of {:.2f} GB, {} samples, {} + {} tokens behind a prompt of {}",
                              kLargeLm, compared.beams > 1 ? fmt::format("{} beams, ", compared.beams) : "",
                              static_cast<double>(model.lm().weights().bytes()) / 1e9, compared.batch, kKnownTokens,
                              kNewTokens, kPromptTokens);
  return measured;
}

Row generate_row(const std::string& name, const std::string& precision, double target, const Generation& compared) {
  return {.name = "generate." + name,
          .what =
              "captions by greedy search or beams with kept keys and values, against the published program, which "
              "computes every token anew in float32",
          .unit = "tokens/s",
          .precision = precision,
          .target = Target{Target::Kind::kRatioAtLeast, bound_here(target)},
          .measure = [compared](const std::filesystem::path&) { return measure_generation(compared); }};
}

// The language model alone: bench/peers measures other programs at the same work.
Measurement measure_lm(int64_t batch, nn::Precision precision) {
  constexpr int64_t kTextTokens = 20;
  const at::NoGradGuard no_gradients;
  at::manual_seed(4);
  const lm::OptConfig lm = lm::opt_shape(kLargeLm);
  const auto model = large_model(lm, large_lm_weights(lm, precision), kLargeVit, 0);
  const at::Tensor ids = random_ids(model, batch, kTextTokens);
  const auto options = caption_options(1, kTextTokens);
  const double seconds = median_seconds_of([&] { generate_captions(model, {}, ids, options); }, 3);
  Measurement measured;
  measured.value = static_cast<double>(batch * kNewTokens) / seconds;
  measured.work = generation_work(model, batch, 1, seconds, kTextTokens);
  measured.note = fmt::format("OPT-{}, weights of {:.2f} GB, {} texts of {} + {} tokens", kLargeLm,
                              static_cast<double>(model.lm().weights().bytes()) / 1e9, batch, kTextTokens, kNewTokens);
  return measured;
}

Row lm_row(const std::string& precision, int64_t batch, nn::Precision kept) {
  return {.name = fmt::format("generate.lm.b{}.{}", batch, precision),
          .what = "greedy search of the language model alone; bench/peers/run.sh sets it beside other programs",
          .unit = "tokens/s",
          .precision = precision,
          .measure = [batch, kept](const std::filesystem::path&) { return measure_lm(batch, kept); }};
}

// Bound by reading the weights. Against the rate at which this machine reads memory.
Measurement measure_decoding(nn::Precision precision) {
  const at::NoGradGuard no_gradients;
  const lm::OptConfig lm = lm::opt_shape(kLargeLm);
  const auto model = large_model(lm, large_lm_weights(lm, precision), kLargeVit);
  const double token_s = median(token_seconds(model, kKnownTokens, 2 * kNewTokens - 1));
  const double gigabytes = token_bytes(model) / 1e9;
  const double rate = gigabytes / token_s, memory = memory_gb_per_s();
  Measurement measured;
  measured.value = 100 * rate / memory;
  measured.work = token_work(model, token_s);
  measured.note = fmt::format("OPT-{}, {:.2f} GB of weights for a token in {:.1f} ms: {:.1f} of {:.1f} GB/s", kLargeLm,
                              gigabytes, 1000 * token_s, rate, memory);
  return measured;
}

// A token at the end of a long text against one near its beginning.
Measurement measure_positions(const std::filesystem::path&) {
  constexpr int64_t kEarly = 16, kLate = 496, kMeasured = 16;
  const at::NoGradGuard no_gradients;
  const lm::OptConfig lm = lm::opt_shape(kLargeLm);
  const auto model = large_model(lm, large_lm_weights(lm, nn::Precision::kBFloat16), kLargeVit);
  const double early = median(token_seconds(model, kEarly, kMeasured));
  const double late = median(token_seconds(model, kLate, kMeasured));
  Measurement measured;
  measured.value = late / early;
  measured.work = token_work(model, late);
  measured.note = fmt::format("OPT-{}, {:.1f} ms at token {} and {:.1f} ms at token {}", kLargeLm, 1000 * early, kEarly,
                              1000 * late, kLate);
  return measured;
}

Row decode_row(const std::string& precision, double target, nn::Precision kept) {
  return {
      .name = "decode." + precision,
      .what = "weights read for a token of one sample as a share of the rate at which this machine sums a large array",
      .unit = "%",
      .precision = precision,
      .target = Target{Target::Kind::kValueAtLeast, bound_here(target)},
      .measure = [kept](const std::filesystem::path&) { return measure_decoding(kept); }};
}

}  // namespace

std::vector<Row> generate_rows() {
  using nn::Precision;
  return {generate_row("b1.bf16", "bf16", 15, {1, 1, Precision::kBFloat16}),
          generate_row("b1.int8", "int8", 26, {1, 1, Precision::kInt8}),
          generate_row("b1.int4", "int4", 36, {1, 1, Precision::kInt4}),
          generate_row("b8.int8", "int8", 37, {8, 1, Precision::kInt8}),
          generate_row("beam3.int8", "int8", 30, {8, 3, Precision::kInt8}),
          lm_row("fp32", 1, Precision::kFloat32),
          lm_row("fp32", 8, Precision::kFloat32),
          lm_row("bf16", 1, Precision::kBFloat16),
          lm_row("bf16", 8, Precision::kBFloat16),
          lm_row("int8", 1, Precision::kInt8),
          lm_row("int8", 8, Precision::kInt8),
          lm_row("int4", 1, Precision::kInt4),
          lm_row("int4", 8, Precision::kInt4),
          decode_row("bf16", 80, Precision::kBFloat16),
          decode_row("int8", 75, Precision::kInt8),
          decode_row("int4", 65, Precision::kInt4),
          {.name = "growth.position",
           .what = "time of a generated token near position 512 over that of one near the beginning",
           .unit = "x",
           .precision = "bf16",
           .target = Target{Target::Kind::kValueAtMost, 1.25},
           .measure = measure_positions}};
}

}  // namespace epalm::bench
