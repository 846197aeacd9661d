#include "epalm/data/media_numbers.h"

#include <string>
#include <unordered_map>

namespace epalm::data {

std::vector<int64_t> media_numbers(const SampleList& samples) {
  std::unordered_map<std::string, int64_t> numbers;
  std::vector<int64_t> media;
  for (const auto& sample : samples.samples()) {
    media.push_back(numbers.try_emplace(sample.media.native(), static_cast<int64_t>(numbers.size())).first->second);
  }
  return media;
}

}  // namespace epalm::data
