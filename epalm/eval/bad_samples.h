#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>

#include "epalm/data/dataset.h"

namespace epalm::eval {

// The samples of a set whose media cannot be read. Few of them are reported, each file once, and left out; many are the
// fault of the set, and end the run.
class BadSamples {
 public:
  static constexpr double kMostShare = 0.05;  // of the samples

  // tolerated: otherwise the first one ends the run. consequence: what becomes of one, for the report. The samples must
  // outlive this.
  BadSamples(const data::SampleList& samples, bool tolerated, std::string consequence);

  // problem: an error that names the file. Throws Error where that is not tolerated or one too many.
  void add(int64_t index, const std::string& problem);
  int64_t count() const { return static_cast<int64_t>(indices_.size()); }

 private:
  const data::SampleList& samples_;
  bool tolerated_;
  std::string consequence_;
  std::unordered_set<int64_t> indices_;
  std::unordered_set<std::string> reported_;  // files
};

}  // namespace epalm::eval
