#include "epalm/eval/batches.h"

#include <torch/torch.h>

#include "epalm/data/image_batch.h"

namespace epalm::eval {

at::Tensor sample_features(const infer::Bundle& bundle, std::span<const data::Sample> samples, bool blank) {
  const torch::NoGradGuard no_grad;
  std::vector<data::Sample> distinct;
  std::vector<int64_t> row_of;
  for (const auto& sample : samples) {
    if (distinct.empty() || (!blank && distinct.back().media != sample.media)) distinct.push_back(sample);
    row_of.push_back(static_cast<int64_t>(distinct.size()) - 1);
  }
  const data::ImageOptions options{static_cast<int>(bundle.config.image_res), blank || bundle.config.black_image};
  const at::Tensor features = bundle.model.features(data::eval_image_batch(distinct, options));
  return features.index_select(0, torch::tensor(row_of));
}

}  // namespace epalm::eval
