#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <span>

#include "epalm/data/dataset.h"
#include "epalm/infer/bundle.h"

namespace epalm::train {

// The encoder is frozen, so without augmentation it needs to see each picture once: features of all distinct pictures
// of a data set, in memory (4·n·Dv bytes each).
class FeatureBank {
 public:
  // Throws Interrupted when asked to stop. progress: pictures done and in all.
  FeatureBank(const infer::Bundle& bundle, const data::SampleList& samples,
              const std::function<void(int64_t done, int64_t total)>& progress,
              const std::function<bool()>& interrupted);

  // [B,n,Dv] of samples by index.
  at::Tensor of(std::span<const int64_t> indices) const;

 private:
  at::Tensor features_;          // [pictures,n,Dv]
  std::vector<int64_t> row_of_;  // by sample
};

}  // namespace epalm::train
