#include "epalm/eval/batches.h"

#include <ATen/ATen.h>

#include "epalm/infer/media_input.h"

namespace epalm::eval {
namespace {

using std::filesystem::path;

// One row for each file, from the cache or from the encoder, which the cache then keeps.
SampleFeatures file_features(const infer::RunConfig& config, const encoders::Encoder& encoder, FeatureCache& cache,
                             const std::vector<path>& files, View view) {
  const std::vector<std::string> keys = cache.keys(files, view);
  SampleFeatures result{{}, std::vector<std::string>(files.size())};
  std::vector<at::Tensor> rows;
  std::vector<size_t> missing;
  std::vector<path> missing_files;
  for (size_t i = 0; i < files.size(); ++i) {
    rows.push_back(cache.find(keys[i]));
    if (rows.back().defined()) continue;
    missing.push_back(i);
    missing_files.push_back(files[i]);
  }
  if (!missing.empty()) {
    const infer::MediaBatch read = infer::read_media(
        config, missing_files, view ? view_seeds(config, missing_files, *view) : std::vector<uint64_t>{});
    const at::Tensor features = cache.as_kept(infer::media_features(config, encoder, read.media));
    std::vector<std::string> new_keys;
    for (size_t i = 0; i < missing.size(); ++i) {
      rows[missing[i]] = features[static_cast<int64_t>(i)];
      result.problems[missing[i]] = read.problems[i];
      new_keys.push_back(read.problems[i].empty() ? keys[missing[i]] : "");
    }
    cache.keep(new_keys, features);
  }
  result.features = at::stack(rows);
  return result;
}

}  // namespace

SampleFeatures sample_features(const infer::RunConfig& config, const encoders::Encoder& encoder, FeatureCache& cache,
                               std::span<const data::Sample> samples, bool blank, View view) {
  const at::NoGradGuard no_grad;
  const auto size = static_cast<int64_t>(samples.size());
  if (blank || config.black_image) {
    const at::Tensor features = infer::media_features(config, encoder, infer::blank_medium(config).unsqueeze(0));
    return {features.expand({size, -1, -1}).contiguous(), std::vector<std::string>(samples.size())};
  }
  std::vector<path> distinct;
  std::vector<int64_t> row_of;
  for (const auto& sample : samples) {
    if (distinct.empty() || distinct.back() != sample.media) distinct.push_back(sample.media);
    row_of.push_back(std::ssize(distinct) - 1);
  }
  const SampleFeatures seen = file_features(config, encoder, cache, distinct, view);
  SampleFeatures result{seen.features.index_select(0, at::tensor(row_of)), {}};
  for (const int64_t row : row_of) result.problems.push_back(seen.problems[static_cast<size_t>(row)]);
  return result;
}

SampleFeatures sample_features(const infer::Bundle& bundle, FeatureCache& cache, std::span<const data::Sample> samples,
                               bool blank, View view) {
  return sample_features(bundle.config, bundle.model.encoder(), cache, samples, blank, view);
}

}  // namespace epalm::eval
