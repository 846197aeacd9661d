#include "epalm/io/tensor_file.h"

#include <algorithm>
#include <numeric>

#include "epalm/base/error.h"
#include "epalm/io/safetensors.h"

namespace epalm::io {
namespace {

// Levenshtein distance.
size_t distance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replaced = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

void TensorFile::fail_missing(const std::string& name) const {
  const auto all = names();
  require(!all.empty(), "'{}' holds no tensor '{}': it holds none at all", path().string(), name);
  std::vector<std::string> candidates;
  constexpr size_t kLongestName = 256, kMostNames = 20'000;  // names come from the file: bound the work
  for (const auto& candidate : all) {
    if (candidate.size() <= kLongestName && candidates.size() < kMostNames) candidates.push_back(candidate);
  }
  if (name.size() > kLongestName || candidates.empty()) fail("'{}' holds no tensor '{}'", path().string(), name);
  std::string nearest;
  size_t least = SIZE_MAX;
  for (const auto& candidate : candidates) {
    if (const size_t d = distance(name, candidate); d < least) {
      least = d;
      nearest = candidate;
    }
  }
  fail("'{}' holds no tensor '{}'; the nearest of its {} names is '{}'", path().string(), name, all.size(), nearest);
}

std::unique_ptr<TensorFile> open_tensor_file(const std::filesystem::path& path) {
  return open_safetensors(path);
}

}  // namespace epalm::io
