#include "epalm/train/feature_bank.h"

#include <ATen/ATen.h>

#include "epalm/base/error.h"
#include "epalm/data/media_numbers.h"
#include "epalm/eval/batches.h"

namespace epalm::train {

FeatureBank::FeatureBank(const infer::Bundle& bundle, eval::FeatureCache& cache, const data::SampleList& samples)
    : bundle_(bundle), cache_(cache), samples_(samples), row_of_(data::media_numbers(samples)) {
  for (size_t i = 0; i < row_of_.size(); ++i) {
    if (row_of_[i] == std::ssize(sample_of_)) sample_of_.push_back(i);
  }
}

void FeatureBank::show(eval::View view, const std::function<void(int64_t done, int64_t total)>& progress,
                       const std::function<bool()>& interrupted) {
  const auto known = views_.find(view);
  if (known != views_.end()) {
    shown_ = &known->second;
    return;
  }
  constexpr size_t kBatch = 64;
  Features features;
  std::vector<at::Tensor> parts;
  for (size_t first = 0; first < sample_of_.size(); first += kBatch) {
    if (interrupted && interrupted()) throw Interrupted("interrupted while the encoder saw the media");
    std::vector<data::Sample> batch;
    for (size_t i = first; i < std::min(first + kBatch, sample_of_.size()); ++i) {
      batch.push_back(samples_.samples()[sample_of_[i]]);
    }
    auto seen = eval::sample_features(bundle_, cache_, batch, false, view);
    parts.push_back(std::move(seen.features));
    features.problems.insert(features.problems.end(), seen.problems.begin(), seen.problems.end());
    if (progress) progress(static_cast<int64_t>(first + batch.size()), std::ssize(sample_of_));
  }
  features.rows = at::cat(parts, 0);
  shown_ = &views_.emplace(view, std::move(features)).first->second;
}

const std::string& FeatureBank::problem(int64_t index) const {
  return shown_->problems.at(static_cast<size_t>(row_of_.at(static_cast<size_t>(index))));
}

at::Tensor FeatureBank::of(std::span<const int64_t> indices) const {
  std::vector<int64_t> rows;
  for (const int64_t index : indices) rows.push_back(row_of_.at(static_cast<size_t>(index)));
  return shown_->rows.index_select(0, at::tensor(rows));
}

}  // namespace epalm::train
