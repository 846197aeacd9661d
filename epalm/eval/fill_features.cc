#include "epalm/eval/fill_features.h"

#include <unordered_set>

#include "epalm/base/error.h"
#include "epalm/eval/batches.h"

namespace epalm::eval {

FilledSplit fill_features(const infer::RunConfig& config, const encoders::Encoder& encoder, FeatureCache& cache,
                          const data::SampleList& samples, FilledSplit split, const FillOptions& options) {
  EPALM_ASSERT(cache.on());
  std::unordered_set<std::string> seen;
  std::vector<data::Sample> distinct;
  for (const auto& sample : samples.samples()) {
    if (seen.insert(sample.media.native()).second) distinct.push_back(sample);
  }
  split.media = std::ssize(distinct);
  constexpr size_t kBatch = 16;  // also what an interruption loses
  for (size_t first = 0; first < distinct.size() && cache.store().stopped().empty(); first += kBatch) {
    if (options.interrupted && options.interrupted()) throw Interrupted("interrupted while the encoder saw the media");
    const auto batch = std::span(distinct).subspan(first, std::min(kBatch, distinct.size() - first));
    const int64_t found = cache.found(), repaired = cache.repaired(), broken = std::ssize(split.broken);
    const SampleFeatures features = sample_features(config, encoder, cache, batch, false, split.view);
    if (!cache.store().stopped().empty()) break;  // this batch is not kept
    for (size_t i = 0; i < batch.size(); ++i) {
      if (!features.problems[i].empty()) split.broken.emplace_back(batch[i].media.string(), features.problems[i]);
    }
    split.found += cache.found() - found;
    split.repaired += cache.repaired() - repaired;
    split.computed += std::ssize(batch) - (cache.found() - found) - (std::ssize(split.broken) - broken);
    if (options.progress) options.progress(split, static_cast<int64_t>(first + batch.size()));
  }
  return split;
}

}  // namespace epalm::eval
