#include "epalm/train/feature_bank.h"

#include <ATen/ATen.h>

#include "epalm/base/error.h"
#include "epalm/data/media_numbers.h"
#include "epalm/eval/batches.h"

namespace epalm::train {

FeatureBank::FeatureBank(const infer::Bundle& bundle, eval::FeatureCache& cache, const data::SampleList& samples,
                         const std::function<void(int64_t done, int64_t total)>& progress,
                         const std::function<bool()>& interrupted) {
  row_of_ = data::media_numbers(samples);
  std::vector<data::Sample> distinct;
  for (size_t i = 0; i < row_of_.size(); ++i) {
    if (row_of_[i] == std::ssize(distinct)) distinct.push_back(samples.samples()[i]);
  }
  constexpr size_t kBatch = 64;
  std::vector<at::Tensor> parts;
  for (size_t first = 0; first < distinct.size(); first += kBatch) {
    if (interrupted && interrupted()) throw Interrupted("interrupted while the encoder saw the media");
    const size_t count = std::min(kBatch, distinct.size() - first);
    auto seen = eval::sample_features(bundle, cache, std::span(distinct).subspan(first, count), false);
    parts.push_back(std::move(seen.features));
    problems_.insert(problems_.end(), seen.problems.begin(), seen.problems.end());
    if (progress) progress(static_cast<int64_t>(first + count), static_cast<int64_t>(distinct.size()));
  }
  features_ = at::cat(parts, 0);
}

const std::string& FeatureBank::problem(int64_t index) const {
  return problems_.at(static_cast<size_t>(row_of_.at(static_cast<size_t>(index))));
}

at::Tensor FeatureBank::of(std::span<const int64_t> indices) const {
  std::vector<int64_t> rows;
  for (const int64_t index : indices) rows.push_back(row_of_.at(static_cast<size_t>(index)));
  return features_.index_select(0, at::tensor(rows));
}

}  // namespace epalm::train
