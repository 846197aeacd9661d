#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "epalm/data/dataset.h"
#include "epalm/eval/feature_cache.h"

namespace epalm::eval {

struct FilledSplit {
  std::string role{};    // train, val, test, or as splits
  std::string splits{};  // as the config names them
  View view{};           // of its media
  int64_t media = 0;     // different files
  int64_t found = 0;     // of them: in the cache already
  int64_t computed = 0;
  int64_t repaired = 0;                                       // of the computed ones: damaged in the cache
  std::vector<std::pair<std::string, std::string>> broken{};  // files that cannot be read, and why

  // Media that were not looked at any more once the cache was full.
  int64_t left() const { return media - found - computed - std::ssize(broken); }
};

struct FillOptions {
  std::function<void(const FilledSplit& split, int64_t done)> progress = {};  // media
  std::function<bool()> interrupted = {};  // true: stop with Interrupted; what is done is kept
};

// Puts the features of all media of a set, in split.view, into the cache, as far as they are not there. Ends early
// where the cache stops keeping. `cache` must be on.
FilledSplit fill_features(const infer::RunConfig& config, const encoders::Encoder& encoder, FeatureCache& cache,
                          const data::SampleList& samples, FilledSplit split, const FillOptions& options = {});

}  // namespace epalm::eval
