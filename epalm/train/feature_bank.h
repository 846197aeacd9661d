#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "epalm/data/dataset.h"
#include "epalm/eval/feature_cache.h"
#include "epalm/eval/media_views.h"
#include "epalm/infer/bundle.h"

namespace epalm::train {

// The encoder is frozen, so it needs to see what training shows of a medium once: features of all distinct media of a
// data set, in memory (4·n·Dv bytes each, with all tokens 4·K·Dv; so much for each view).
class FeatureBank {
 public:
  // Holds nothing yet. All three must outlive it.
  FeatureBank(const infer::Bundle& bundle, eval::FeatureCache& cache, const data::SampleList& samples);

  // Which view problem() and of() tell of from here on. The first time that one is asked for, its features are taken
  // from the cache and, as far as that lacks them, from the encoder. progress: media done and in all. Throws
  // Interrupted when asked to stop.
  void show(eval::View view, const std::function<void(int64_t done, int64_t total)>& progress,
            const std::function<bool()>& interrupted);
  // Of which it holds the features.
  int64_t views() const { return std::ssize(views_); }

  // Why the medium of a sample could not be read; "" where it was.
  const std::string& problem(int64_t index) const;

  // [B,n,Dv], or [B,K,Dv], of samples by index.
  at::Tensor of(std::span<const int64_t> indices) const;

 private:
  struct Features {
    at::Tensor rows;                    // [media,n,Dv], or [media,K,Dv]
    std::vector<std::string> problems;  // by medium
  };

  const infer::Bundle& bundle_;
  eval::FeatureCache& cache_;
  const data::SampleList& samples_;
  std::vector<int64_t> row_of_;    // by sample
  std::vector<size_t> sample_of_;  // by medium: the first that shows it
  std::map<eval::View, Features> views_;
  const Features* shown_ = nullptr;  // one of views_
};

}  // namespace epalm::train
