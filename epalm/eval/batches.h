#pragma once

#include <ATen/ATen.h>

#include <span>
#include <string>
#include <vector>

#include "epalm/data/sample.h"
#include "epalm/eval/feature_cache.h"
#include "epalm/infer/bundle.h"

namespace epalm::eval {

struct SampleFeatures {
  at::Tensor features;  // as media_features gives them; of the blank medium where a file could not be read
  std::vector<std::string> problems;  // by sample: why it could not; "" where it was
};

// Features of the samples' media as evaluation shows them; neighbours that name one file run the encoder once, and
// those that the cache holds not at all. blank: zeros instead of every medium, as with the key black_image; no file is
// read. With a view, as training shows that; the encoder is the same.
SampleFeatures sample_features(const infer::RunConfig& config, const encoders::Encoder& encoder, FeatureCache& cache,
                               std::span<const data::Sample> samples, bool blank, View view = {});
SampleFeatures sample_features(const infer::Bundle& bundle, FeatureCache& cache, std::span<const data::Sample> samples,
                               bool blank, View view = {});

}  // namespace epalm::eval
