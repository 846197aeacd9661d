#include <fmt/format.h>
#include <fmt/ranges.h>

#include "epalm/base/error.h"
#include "epalm/bench/all_rows.h"
#include "epalm/bench/large_model.h"
#include "epalm/bench/plain_encoders.h"
#include "epalm/bench/race.h"
#include "epalm/encoders/ast.h"
#include "epalm/encoders/timesformer.h"
#include "epalm/encoders/vit.h"

namespace epalm::bench {
namespace {

constexpr double kWeightStd = 0.02;  // as the published models start
// Layer-normalised states, values of size 1. A product of 3072 terms in another order moves by about sqrt(3072) · 2^-24
// = 3e-6 of its size, over four products in each of up to four blocks; a wrong computation differs by 1.
constexpr double kTolerance = 1e-3;

// In bfloat16 each number of the states moves by up to 2^-8 of itself some ten times a block, in either direction.
constexpr double kLeastCosine = 0.999;

using PlainForward = std::function<at::Tensor(const at::Tensor& media)>;

at::Tensor last_state(const encoders::Encoder& encoder, const at::Tensor& media) {
  at::Tensor last;
  encoder.run(media, [&](const at::Tensor& state) { last = state; });
  return encoder.normalise(last);
}

void check_alike(const at::Tensor& ours, const at::Tensor& plain, nn::Precision precision) {
  if (precision == nn::Precision::kFloat32) {
    const double difference = (ours - plain).abs().max().item<double>();
    require(difference <= kTolerance, "the encoder and its plain path differ by {}; expected at most {}", difference,
            kTolerance);
  } else {
    const double cosine = at::cosine_similarity(ours, plain, -1).min().item<double>();
    require(cosine >= kLeastCosine, "states of the encoder and its plain path have a cosine of {}; expected {}", cosine,
            kLeastCosine);
  }
}

Measurement measure_encoder(const encoders::Encoder& encoder, const PlainForward& plain,
                            const std::vector<int64_t>& shape, nn::Precision precision) {
  const at::NoGradGuard no_gradients;
  at::manual_seed(2);
  const at::Tensor media = at::randn(shape);
  check_alike(last_state(encoder, media), plain(media), precision);
  const RaceResult result = race([&] { last_state(encoder, media); }, [&] { plain(media); });
  const auto batch = static_cast<double>(shape[0]);
  Measurement measured;
  measured.value = batch / result.ours_s;
  measured.twin = batch / result.twin_s;
  measured.ratio = result.ratio;
  measured.note = fmt::format("media [{}], width {}, {} blocks of the published 12", fmt::join(shape, ","),
                              encoder.width(), encoder.depth());
  return measured;
}

Measurement measure_vit(nn::Precision precision) {
  encoders::VitConfig config;
  config.depth = 4;
  const auto table = encoders::vit_weights(config);
  const auto weights = random_weights_without_zeros(table, kWeightStd);
  const encoders::Vit vit(config, nn::in_precision(weights, table, precision));
  const auto plain = [&](const at::Tensor& pixels) { return plain_vit(config, weights, pixels); };
  return measure_encoder(vit, plain, {4, 3, config.image_size_px, config.image_size_px}, precision);
}

Measurement measure_timesformer(nn::Precision precision) {
  encoders::TimesformerConfig config;
  config.depth = 2;
  const auto table = encoders::timesformer_weights(config);
  const auto weights = random_weights_without_zeros(table, kWeightStd);
  const encoders::Timesformer timesformer(config, nn::in_precision(weights, table, precision));
  const auto plain = [&](const at::Tensor& clip) { return plain_timesformer(config, weights, clip); };
  return measure_encoder(timesformer, plain, {1, 3, config.frames, config.image_size_px, config.image_size_px},
                         precision);
}

Measurement measure_ast(nn::Precision precision) {
  encoders::AstConfig config;
  config.depth = 2;
  const auto table = encoders::ast_weights(config);
  const auto weights = random_weights_without_zeros(table, kWeightStd);
  const encoders::Ast ast(config, nn::in_precision(weights, table, precision));
  const auto plain = [&](const at::Tensor& sounds) { return plain_ast(config, weights, sounds); };
  return measure_encoder(ast, plain, {1, config.frames, config.mel_bins}, precision);
}

using MeasureIn = Measurement (*)(nn::Precision precision);

// media.encoder_*: the same float32 on both sides; encode.*: as frozen encoders run by default.
Row encoder_row(const std::string& name, const std::string& title, const std::string& unit, nn::Precision precision,
                MeasureIn measure) {
  const bool exact = precision == nn::Precision::kFloat32;
  return {.name = (exact ? "media.encoder_" : "encode.") + name,
          .what = "forward of " + title + ", against the published steps in libtorch's own float32 operators",
          .unit = unit,
          .precision = exact ? "fp32" : "bf16",
          .target = Target{Target::Kind::kRatioAtLeast, exact ? 1 : bound_here(5)},
          .measure = [=](const std::filesystem::path&) { return measure(precision); }};
}

}  // namespace

std::vector<Row> encoder_rows() {
  std::vector<Row> rows;
  for (const auto precision : {nn::Precision::kFloat32, nn::Precision::kBFloat16}) {
    rows.push_back(encoder_row("vit", "a ViT-B/16", "pictures/s", precision, measure_vit));
    rows.push_back(encoder_row("timesformer", "a TimeSformer-B", "clips/s", precision, measure_timesformer));
    rows.push_back(encoder_row("ast", "an AST-B", "sounds/s", precision, measure_ast));
  }
  return rows;
}

}  // namespace epalm::bench
