#include "epalm/metrics/ngrams.h"

#include <algorithm>

namespace epalm::metrics {

NgramBag NgramIds::bag(const Tokens& tokens) {
  std::vector<uint32_t> ids;
  ids.reserve(tokens.size());
  for (const std::string& token : tokens) {
    const auto [entry, is_new] = words_.try_emplace(token, next_);
    if (is_new) ++next_;
    ids.push_back(entry->second);
  }
  std::vector<NgramCount> all;
  all.reserve(tokens.size() * kMaxOrder);
  for (size_t i = 0; i < ids.size(); ++i) {
    uint32_t gram = ids[i];
    all.push_back({gram, 1, 1});
    for (size_t n = 2; n <= kMaxOrder && i + n <= ids.size(); ++n) {
      const auto [entry, is_new] = extensions_.try_emplace(uint64_t{gram} << 32 | ids[i + n - 1], next_);
      if (is_new) ++next_;
      gram = entry->second;
      all.push_back({gram, static_cast<uint8_t>(n), 1});
    }
  }
  std::sort(all.begin(), all.end(), [](const NgramCount& a, const NgramCount& b) { return a.id < b.id; });
  NgramBag bag;
  bag.length = static_cast<int64_t>(tokens.size());
  for (const NgramCount& gram : all) {
    if (!bag.counts.empty() && bag.counts.back().id == gram.id) {
      ++bag.counts.back().count;
    } else {
      bag.counts.push_back(gram);
    }
  }
  return bag;
}

}  // namespace epalm::metrics
