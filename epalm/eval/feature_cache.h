#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "epalm/encoders/encoder.h"
#include "epalm/eval/feature_store.h"
#include "epalm/eval/media_views.h"
#include "epalm/infer/run_config.h"

namespace epalm::eval {

// What an encoder makes of media under a config, as evaluation shows them and in their views, kept across runs in
// config.feature_cache. Without that it finds nothing and keeps nothing. Not safe from several threads.
class FeatureCache {
 public:
  // Throws Error where the folder cannot be used (see FeatureStore), and for features that depend on what else is in
  // the batch.
  FeatureCache(const infer::RunConfig& config, const encoders::Encoder& encoder);

  bool on() const { return store_.has_value(); }

  // By file; "" where there is no cache or the file cannot be read.
  std::vector<std::string> keys(std::span<const std::filesystem::path> files, View view = {}) const;
  // [n,Dv] or [K,Dv] float32; undefined where the key is "", unknown or its value damaged.
  at::Tensor find(const std::string& key);
  // features [B,...] as they are found later, so that a run does not depend on what was kept before it. Throws Error
  // for numbers that the precision cannot hold.
  at::Tensor as_kept(const at::Tensor& features) const;
  // Row i of as_kept() features under keys[i]; where that is "", not.
  void keep(const std::vector<std::string>& keys, const at::Tensor& features);

  // So far: media whose features were there, were damaged and so computed again.
  int64_t found() const { return found_; }
  int64_t repaired() const { return on() ? store_->damaged() : 0; }
  const FeatureStore& store() const { return *store_; }  // where on()

 private:
  infer::RunConfig config_;
  std::string recipe_;
  FeaturePrecision precision_;
  std::optional<FeatureStore> store_;
  int64_t found_ = 0;
};

// Whether training shows each medium in one version or a few (feature_views), whose features can be computed once and
// shall be: where the config has cache_features, or feature_cache and no encoder that drops out.
bool trains_on_fixed_features(const infer::RunConfig& config);

}  // namespace epalm::eval
