#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/torch.h>

#include <algorithm>

#include "epalm/bench/all_rows.h"
#include "epalm/bench/large_model.h"
#include "epalm/bench/race.h"
#include "epalm/model/cached_step.h"
#include "epalm/model/loss.h"
#include "epalm/model/trainable.h"

namespace epalm::bench {
namespace {

constexpr const char *kLm = "1.3b", *kVit = "vit_base_patch16_224";
constexpr int64_t kVocabulary = 50'272, kTokens = 24;

// How much dearer a sample of the dearest batch is than one of the cheapest.
Measurement measure_batches(const std::filesystem::path&) {
  const model::EPalm model = large_model(kLm, large_lm_weights(kLm, nn::Precision::kBFloat16), kVit);
  model::mark_trainable(model, {});
  const std::vector<int64_t> sizes{4, 8, 16, 32, 64};
  std::vector<double> ms;  // a sample
  for (const int64_t size : sizes) {
    at::manual_seed(5);
    const at::Tensor features = at::randn({size, 6, 768});
    const at::Tensor ids = at::randint(4, kVocabulary, {size, kTokens}, at::kLong), mask = at::ones_like(ids);
    const at::Tensor labels = model::labels_of(ids, mask);
    const auto step = [&] { model.loss(features, ids, mask, labels, true).sum().backward(); };
    ms.push_back(1000 * median_seconds_of(step, 2) / static_cast<double>(size));
  }
  const auto [least, most] = std::minmax_element(ms.begin(), ms.end());
  Measurement measured;
  measured.value = *most / *least;
  measured.note = fmt::format("OPT-{}, {} tokens, batches of {}: {:.0f} ms a sample", kLm, kTokens,
                              fmt::join(sizes, ", "), fmt::join(ms, ", "));
  return measured;
}

// A token at the end of a long text against one near its beginning.
Measurement measure_positions(const std::filesystem::path&) {
  constexpr int64_t kEarly = 16, kLate = 496, kMeasured = 16;
  const at::NoGradGuard no_gradients;
  const model::EPalm model = large_model(kLm, large_lm_weights(kLm, nn::Precision::kBFloat16), kVit);
  const at::Tensor features = at::randn({1, 6, 768});
  const auto token_ms = [&](int64_t position) {
    model::CachedStep step(model, features, position + kMeasured + 1);
    at::Tensor ids = at::randint(4, kVocabulary, {1, position}, at::kLong);
    step(ids, at::ones_like(ids), {0});
    std::vector<double> seconds;
    for (int64_t i = 0; i < kMeasured; ++i) {
      ids = at::cat({ids, at::full({1, 1}, 5, at::kLong)}, 1);
      seconds.push_back(seconds_of([&] { step(ids, at::ones_like(ids), {0}); }));
    }
    return 1000 * median(seconds);
  };
  const double early = token_ms(kEarly), late = token_ms(kLate);
  Measurement measured;
  measured.value = late / early;
  measured.note =
      fmt::format("OPT-{}, {:.1f} ms at token {} and {:.1f} ms at token {}", kLm, early, kEarly, late, kLate);
  return measured;
}

}  // namespace

std::vector<Row> growth_rows() {
  return {{.name = "growth.batch",
           .what = "training time of a sample in the dearest of batches from 4 to 64 over that in the cheapest",
           .unit = "x",
           .precision = "bf16",
           .target = Target{Target::Kind::kValueAtMost, 1.15},
           .measure = measure_batches},
          {.name = "growth.position",
           .what = "time of a generated token near position 512 over that of one near the beginning",
           .unit = "x",
           .precision = "bf16",
           .target = Target{Target::Kind::kValueAtMost, 1.25},
           .measure = measure_positions}};
}

}  // namespace epalm::bench
