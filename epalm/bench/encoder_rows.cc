#include <fmt/format.h>
#include <fmt/ranges.h>

#include "epalm/base/error.h"
#include "epalm/bench/all_rows.h"
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

using PlainForward = std::function<at::Tensor(const at::Tensor& media)>;

at::Tensor last_state(const encoders::Encoder& encoder, const at::Tensor& media) {
  at::Tensor last;
  encoder.run(media, [&](const at::Tensor& state) { last = state; });
  return encoder.normalise(last);
}

Measurement measure_encoder(const encoders::Encoder& encoder, const PlainForward& plain,
                            const std::vector<int64_t>& shape) {
  const at::NoGradGuard no_gradients;
  at::manual_seed(2);
  const at::Tensor media = at::randn(shape);
  const double difference = (last_state(encoder, media) - plain(media)).abs().max().item<double>();
  require(difference <= kTolerance, "the encoder and its plain path differ by {}; expected at most {}", difference,
          kTolerance);
  const RaceResult result = race([&] { last_state(encoder, media); }, [&] { plain(media); });
  const auto batch = static_cast<double>(shape[0]);
  Measurement measured;
  measured.value = batch / result.ours_s;
  measured.twin = batch / result.twin_s;
  measured.ratio = result.ratio;
  measured.note = fmt::format("media [{}], width {}, {} blocks of the published 12; largest difference {:.1e}",
                              fmt::join(shape, ","), encoder.width(), encoder.depth(), difference);
  return measured;
}

Measurement measure_vit(const std::filesystem::path&) {
  encoders::VitConfig config;
  config.depth = 4;
  const encoders::Vit vit(config, random_weights_without_zeros(encoders::vit_weights(config), kWeightStd));
  const auto plain = [&](const at::Tensor& pixels) { return plain_vit(config, vit.weights(), pixels); };
  return measure_encoder(vit, plain, {4, 3, config.image_size_px, config.image_size_px});
}

Measurement measure_timesformer(const std::filesystem::path&) {
  encoders::TimesformerConfig config;
  config.depth = 2;
  const encoders::Timesformer timesformer(
      config, random_weights_without_zeros(encoders::timesformer_weights(config), kWeightStd));
  const auto plain = [&](const at::Tensor& clip) { return plain_timesformer(config, timesformer.weights(), clip); };
  return measure_encoder(timesformer, plain, {1, 3, config.frames, config.image_size_px, config.image_size_px});
}

Measurement measure_ast(const std::filesystem::path&) {
  encoders::AstConfig config;
  config.depth = 2;
  const encoders::Ast ast(config, random_weights_without_zeros(encoders::ast_weights(config), kWeightStd));
  const auto plain = [&](const at::Tensor& sounds) { return plain_ast(config, ast.weights(), sounds); };
  return measure_encoder(ast, plain, {1, config.frames, config.mel_bins});
}

Row encoder_row(const std::string& name, const std::string& title, const std::string& unit,
                Measurement (*measure)(const std::filesystem::path&)) {
  return {.name = "media.encoder_" + name,
          .what = "forward of " + title + ", against the published steps in libtorch's own operators",
          .unit = unit,
          .precision = "fp32",
          .target = Target{Target::Kind::kRatioAtLeast, 1},
          .measure = measure};
}

}  // namespace

std::vector<Row> encoder_rows() {
  return {encoder_row("vit", "a ViT-B/16", "pictures/s", measure_vit),
          encoder_row("timesformer", "a TimeSformer-B", "clips/s", measure_timesformer),
          encoder_row("ast", "an AST-B", "sounds/s", measure_ast)};
}

}  // namespace epalm::bench
