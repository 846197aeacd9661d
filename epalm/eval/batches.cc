#include "epalm/eval/batches.h"

#include <torch/torch.h>

#include "epalm/infer/media_input.h"

namespace epalm::eval {

SampleFeatures sample_features(const infer::Bundle& bundle, std::span<const data::Sample> samples, bool blank) {
  const torch::NoGradGuard no_grad;
  const auto size = static_cast<int64_t>(samples.size());
  if (blank || bundle.config.black_image) {
    const at::Tensor features = infer::media_features(bundle, infer::blank_medium(bundle.config).unsqueeze(0));
    return {features.expand({size, -1, -1}).contiguous(), std::vector<std::string>(samples.size())};
  }
  std::vector<std::filesystem::path> distinct;
  std::vector<int64_t> row_of;
  for (const auto& sample : samples) {
    if (distinct.empty() || distinct.back() != sample.media) distinct.push_back(sample.media);
    row_of.push_back(static_cast<int64_t>(distinct.size()) - 1);
  }
  const infer::MediaBatch read = infer::read_media(bundle.config, distinct);
  SampleFeatures result{infer::media_features(bundle, read.media).index_select(0, torch::tensor(row_of)), {}};
  for (const int64_t row : row_of) result.problems.push_back(read.problems[static_cast<size_t>(row)]);
  return result;
}

}  // namespace epalm::eval
