#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "epalm/base/python_random.h"
#include "epalm/data/dataset.h"

namespace epalm::data {

// How much of a data set to use, and which part: the keys train_topk, valid_topk and balanced_data of a configuration.
struct SubsetRule {
  enum class Kind { kAll, kFraction, kCount };
  Kind kind = Kind::kAll;
  double fraction = 1;         // kFraction: in (0,1]
  int64_t count = 0;           // kCount: > 0
  bool balance_types = false;  // kCount in VQA training: the same number of each question type

  // As written in a configuration: a whole number is a count (0 or less: everything), any other a fraction, also 1.0.
  // Throws Error, naming `key`, for what is neither.
  static SubsetRule parse(std::string_view text, std::string_view key);
};

// Indices of the samples to use, in order, equal to the published ones for the same seed (SPEC.md §7.4).
// VQA: seeds its own generator (key `seed`, 42); a count shuffles first.
std::vector<int64_t> vqa_subset(const SampleList& samples, const SubsetRule& rule, uint64_t seed = 42);
// All other tasks: a fraction is drawn from the run's generator, a count takes the first ones.
std::vector<int64_t> plain_subset(int64_t size, const SubsetRule& rule, PythonRandom& random);

}  // namespace epalm::data
