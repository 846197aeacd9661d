#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <span>

#include "epalm/data/dataset.h"
#include "epalm/eval/feature_cache.h"
#include "epalm/infer/bundle.h"

namespace epalm::train {

// The encoder is frozen, so without augmentation it needs to see each medium once: features of all distinct media of a
// data set, in memory (4·n·Dv bytes each, with all tokens 4·K·Dv).
class FeatureBank {
 public:
  // Those that the cache holds are taken from there. Throws Interrupted when asked to stop. progress: media done and in
  // all.
  FeatureBank(const infer::Bundle& bundle, eval::FeatureCache& cache, const data::SampleList& samples,
              const std::function<void(int64_t done, int64_t total)>& progress,
              const std::function<bool()>& interrupted);

  // Why the medium of a sample could not be read; "" where it was.
  const std::string& problem(int64_t index) const;

  // [B,n,Dv], or [B,K,Dv], of samples by index.
  at::Tensor of(std::span<const int64_t> indices) const;

 private:
  at::Tensor features_;                // [media,n,Dv], or [media,K,Dv]
  std::vector<std::string> problems_;  // by medium
  std::vector<int64_t> row_of_;        // by sample
};

}  // namespace epalm::train
