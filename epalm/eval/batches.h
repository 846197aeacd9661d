#pragma once

#include <ATen/ATen.h>

#include <span>
#include <string>
#include <vector>

#include "epalm/data/sample.h"
#include "epalm/infer/bundle.h"

namespace epalm::eval {

struct SampleFeatures {
  at::Tensor features;  // as media_features gives them; of the blank medium where a file could not be read
  std::vector<std::string> problems;  // by sample: why it could not; "" where it was
};

// Features of the samples' media as evaluation shows them; neighbours that name one file run the encoder once. blank:
// zeros instead of every medium, as with the key black_image; no file is read.
SampleFeatures sample_features(const infer::Bundle& bundle, std::span<const data::Sample> samples, bool blank);

}  // namespace epalm::eval
