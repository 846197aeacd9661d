#include "epalm/eval/feature_cache.h"

#include <ATen/Parallel.h>

#include "epalm/base/error.h"
#include "epalm/eval/feature_key.h"

namespace epalm::eval {

FeatureCache::FeatureCache(const infer::RunConfig& config, const encoders::Encoder& encoder)
    : config_(config), precision_(feature_precision_named(config.feature_cache_precision)) {
  if (config.feature_cache.empty()) return;
  require(features_are_of_one_medium(config, encoder),
          "feature_cache: a TimeSformer scales sounds over the batch that they are in, so they have no features of "
          "their own; leave feature_cache out");
  store_.emplace(config.feature_cache, static_cast<int64_t>(config.feature_cache_gb * 1e9));
  recipe_ = feature_recipe(config, encoder);
}

std::vector<std::string> FeatureCache::keys(std::span<const std::filesystem::path> files, View view) const {
  std::vector<std::string> keys(files.size());
  if (!on()) return keys;
  at::parallel_for(0, std::ssize(files), 1, [&](int64_t begin, int64_t end) {
    for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
      keys[i] = feature_key(config_, recipe_, files[i], view);
    }
  });
  return keys;
}

at::Tensor FeatureCache::find(const std::string& key) {
  if (!on() || key.empty()) return {};
  const auto features = store_->find(key);
  if (features) ++found_;
  return features.value_or(at::Tensor());
}

at::Tensor FeatureCache::as_kept(const at::Tensor& features) const {
  if (!on() || precision_ == FeaturePrecision::kFloat32) return features;
  at::Tensor kept = rounded(features, precision_);
  require(at::isfinite(kept).eq(at::isfinite(features)).all().item<bool>(),
          "feature_cache_precision: {} holds numbers up to {}, the encoder's features reach {}; choose {}",
          config_.feature_cache_precision, precision_ == FeaturePrecision::kFloat16 ? "65504" : "3.39e38",
          features.abs().max().item<float>(), precision_ == FeaturePrecision::kFloat16 ? "bf16 or fp32" : "fp32");
  return kept;
}

void FeatureCache::keep(const std::vector<std::string>& keys, const at::Tensor& features) {
  EPALM_ASSERT(features.size(0) == std::ssize(keys));
  if (!on()) return;
  std::vector<std::pair<std::string, at::Tensor>> rows;
  for (size_t i = 0; i < keys.size(); ++i) {
    const at::Tensor row = features[static_cast<int64_t>(i)];
    if (!keys[i].empty() && at::isfinite(row).all().item<bool>()) rows.emplace_back(keys[i], row);
  }
  store_->keep(rows, precision_);
}

bool trains_on_fixed_features(const infer::RunConfig& config) {
  if (config.augment && config.feature_views == 0) return false;
  return config.cache_features ||
         (!config.feature_cache.empty() && !semantics_named(config.semantics).frozen_parts_drop_out);
}

}  // namespace epalm::eval
