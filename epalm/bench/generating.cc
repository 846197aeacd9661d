#include "epalm/bench/generating.h"

#include <functional>

#include "epalm/bench/arithmetic.h"
#include "epalm/bench/race.h"
#include "epalm/model/cached_step.h"

namespace epalm::bench {

decode::GenerationOptions caption_options(int64_t beams, int64_t known) {
  decode::GenerationOptions options;
  options.max_length = known + kNewTokens;
  options.num_beams = beams;
  options.eos_id = -1;
  return options;
}

decode::Generated generate_captions(const model::EPalm& model, const at::Tensor& features, const at::Tensor& ids,
                                    const decode::GenerationOptions& options) {
  model::CachedStep step(model, features, options.max_length);
  return decode::generate(std::ref(step), ids, at::ones_like(ids), options);
}

double token_bytes(const model::EPalm& model) {
  const nn::Weights& weights = model.lm().weights();
  const auto positions = static_cast<int64_t>(weights.at("model.decoder.embed_positions.weight").nbytes());
  return static_cast<double>(weights.bytes() - positions);
}

Work generation_work(const model::EPalm& model, int64_t media, int64_t beams, double seconds, int64_t known_rows) {
  const lm::OptConfig& config = model.lm().config();
  const auto first = static_cast<double>(media * known_rows);
  const auto later = static_cast<double>(media * beams * (kNewTokens - 1));
  return {.flop = opt_flop(config, first + later, static_cast<double>(media) + later),
          .bytes = kNewTokens * token_bytes(model),
          .precision = precision_of_products(model.lm().weights(), false),
          .seconds = seconds};
}

Work token_work(const model::EPalm& model, double seconds) {
  return {.flop = opt_flop(model.lm().config(), 1, 1),
          .bytes = token_bytes(model),
          .precision = precision_of_products(model.lm().weights(), false),
          .seconds = seconds};
}

std::vector<double> token_seconds(const model::EPalm& model, int64_t known, int64_t count) {
  model::CachedStep step(model, random_features(model, 1), known + count + 1);
  at::Tensor ids = random_ids(model, 1, known);
  step(ids, at::ones_like(ids), {0});  // reads the whole text
  std::vector<double> seconds;
  for (int64_t token = 0; token < count; ++token) {
    ids = at::cat({ids, at::full({1, 1}, 5, at::kLong)}, 1);
    seconds.push_back(seconds_of([&] { step(ids, at::ones_like(ids), {0}); }));
  }
  return seconds;
}

}  // namespace epalm::bench
