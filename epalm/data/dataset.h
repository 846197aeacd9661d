#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "epalm/base/numpy_random.h"
#include "epalm/data/sample.h"

namespace epalm::data {

// Samples by index. Wrappers take a dataset and are one; get() may be called from several threads at once.
class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual int64_t size() const = 0;
  virtual Sample get(int64_t index) const = 0;  // 0 <= index < size()
};

class SampleList final : public Dataset {
 public:
  SampleList() = default;
  explicit SampleList(std::vector<Sample> samples) : samples_(std::move(samples)) {}
  int64_t size() const override { return static_cast<int64_t>(samples_.size()); }
  Sample get(int64_t index) const override { return samples_.at(static_cast<size_t>(index)); }
  const std::vector<Sample>& samples() const { return samples_; }

 private:
  std::vector<Sample> samples_;
};

// Another order or selection of a dataset, which must outlive it.
class Selection final : public Dataset {
 public:
  Selection(const Dataset& base, std::vector<int64_t> indices) : base_(base), indices_(std::move(indices)) {}
  int64_t size() const override { return static_cast<int64_t>(indices_.size()); }
  Sample get(int64_t index) const override { return base_.get(indices_.at(static_cast<size_t>(index))); }

 private:
  const Dataset& base_;
  std::vector<int64_t> indices_;
};

// An answer drawn with probability score / sum of scores, as numpy.random.multinomial draws it; "" without a positive
// score, and then nothing is taken from the generator. Source: SPEC.md §7.4.
std::string drawn_answer(const metrics::AnswerScores& label, NumpyRandom& random);

// Fills Sample::answer anew for every (seed, epoch, index), whatever the order of the calls. The base must outlive it.
class AnswerDraw final : public Dataset {
 public:
  AnswerDraw(const Dataset& base, uint64_t seed, int64_t epoch) : base_(base), seed_(seed), epoch_(epoch) {}
  int64_t size() const override { return base_.size(); }
  Sample get(int64_t index) const override;

 private:
  const Dataset& base_;
  uint64_t seed_;
  int64_t epoch_;
};

}  // namespace epalm::data
