#include <fmt/format.h>
#include <fmt/ranges.h>

#include "epalm/base/error.h"
#include "epalm/bench/all_rows.h"
#include "epalm/bench/arithmetic.h"
#include "epalm/bench/large_model.h"
#include "epalm/bench/plain_encoders.h"
#include "epalm/bench/race.h"
#include "epalm/encoders/ast.h"
#include "epalm/encoders/timesformer.h"
#include "epalm/encoders/vit.h"
#include "epalm/nn/int8_sums.h"

namespace epalm::bench {
namespace {

constexpr double kEncoderWeightStd = 0.02;  // as the published models start
// Layer-normalised states, values of size 1. A product of 3072 terms in another order moves by about sqrt(3072) · 2^-24
// = 3e-6 of its size, over four products in each of up to four blocks; a wrong computation differs by 1.
constexpr double kEncoderTolerance = 1e-3;

// In bfloat16 each number of the states moves by up to 2^-8 of itself some ten times a block, in either direction; in
// 8 bits the inputs and the weights of the four to seven products of a block err by about a hundredth each.
double least_cosine(nn::Precision precision) {
  return precision == nn::Precision::kBFloat16 ? 0.999 : 0.99;
}

at::Tensor last_state(const encoders::Encoder& encoder, const at::Tensor& media) {
  at::Tensor last;
  encoder.run(media, [&](const at::Tensor& state) { last = state; });
  return encoder.normalise(last);
}

// How far the states are from each other, in words. Throws Error where that is too far.
std::string compare(const at::Tensor& ours, const at::Tensor& plain, nn::Precision precision) {
  if (precision == nn::Precision::kFloat32) {
    const double difference = (ours - plain).abs().max().item<double>();
    require(difference <= kEncoderTolerance, "the encoder and its plain path differ by {}; expected at most {}",
            difference, kEncoderTolerance);
    return fmt::format("largest difference {:.1e}", difference);
  }
  const double cosine = at::cosine_similarity(ours, plain, -1).min().item<double>();
  require(cosine >= least_cosine(precision),
          "states of the encoder and its plain path have a cosine of {}; expected {}", cosine, least_cosine(precision));
  return fmt::format("least cosine {:.5f}", cosine);
}

template <typename Encoder, typename Config>
Measurement measure_encoder(const Config& config, const std::vector<nn::WeightSpec>& table,
                            at::Tensor (*plain_forward)(const Config&, const nn::Weights&, const at::Tensor&),
                            const std::vector<int64_t>& shape, double flop, nn::Precision precision) {
  const at::NoGradGuard no_gradients;
  const auto weights = random_weights_without_zeros(table, kEncoderWeightStd);
  const Encoder encoder(config, nn::in_precision(weights, table, precision));
  at::manual_seed(2);
  const at::Tensor media = at::randn(shape);
  const auto plain = [&] { return plain_forward(config, weights, media); };
  const std::string distance = compare(last_state(encoder, media), plain(), precision);
  const RaceResult result = race([&] { last_state(encoder, media); }, plain);
  const auto batch = static_cast<double>(shape[0]);
  const bool int8 = precision == nn::Precision::kInt8;
  Measurement measured;
  measured.value = batch / result.ours_s;
  measured.twin = batch / result.twin_s;
  measured.ratio = result.ratio;
  measured.work = Work{.flop = flop,
                       .bytes = static_cast<double>(encoder.weights().bytes()),
                       .precision = int8 && !nn::adds_up_int8() ? nn::Precision::kBFloat16 : precision,
                       .seconds = result.ours_s};
  measured.note = fmt::format("media [{}], width {}, {} blocks of the published 12; {}", fmt::join(shape, ","),
                              encoder.width(), encoder.depth(), distance);
  return measured;
}

Measurement measure_vit(nn::Precision precision) {
  encoders::VitConfig config;
  config.depth = 4;
  return measure_encoder<encoders::Vit>(config, encoders::vit_weights(config), plain_vit,
                                        {4, 3, config.image_size_px, config.image_size_px}, vit_flop(config, 4),
                                        precision);
}

Measurement measure_timesformer(nn::Precision precision) {
  encoders::TimesformerConfig config;
  config.depth = 2;
  return measure_encoder<encoders::Timesformer>(config, encoders::timesformer_weights(config), plain_timesformer,
                                                {1, 3, config.frames, config.image_size_px, config.image_size_px},
                                                timesformer_flop(config, 1), precision);
}

Measurement measure_ast(nn::Precision precision) {
  encoders::AstConfig config;
  config.depth = 2;
  return measure_encoder<encoders::Ast>(config, encoders::ast_weights(config), plain_ast,
                                        {1, config.frames, config.mel_bins}, ast_flop(config, 1), precision);
}

using MeasureIn = Measurement (*)(nn::Precision precision);

// media.encoder_*: the same float32 on both sides; encode.*: frozen encoders in bfloat16, and in 8 bits as *.int8.
Row encoder_row(const std::string& name, const std::string& title, const std::string& unit, nn::Precision precision,
                MeasureIn measure) {
  const bool exact = precision == nn::Precision::kFloat32, int8 = precision == nn::Precision::kInt8;
  return {.name = (exact ? "media.encoder_" : "encode.") + name + (int8 ? ".int8" : ""),
          .what = "forward of " + title + ", against the published steps in libtorch's own float32 operators",
          .unit = unit,
          .precision = exact  ? "fp32"
                       : int8 ? "int8"
                              : "bf16",
          .target = Target{Target::Kind::kRatioAtLeast, exact ? 1 : bound_here(5)},
          .measure = [=](const std::filesystem::path&) { return measure(precision); }};
}

}  // namespace

std::vector<Row> encoder_rows() {
  std::vector<Row> rows;
  for (const auto precision : {nn::Precision::kFloat32, nn::Precision::kBFloat16, nn::Precision::kInt8}) {
    rows.push_back(encoder_row("vit", "a ViT-B/16", "pictures/s", precision, measure_vit));
    rows.push_back(encoder_row("timesformer", "a TimeSformer-B", "clips/s", precision, measure_timesformer));
    rows.push_back(encoder_row("ast", "an AST-B", "sounds/s", precision, measure_ast));
  }
  return rows;
}

}  // namespace epalm::bench
