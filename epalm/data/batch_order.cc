#include "epalm/data/batch_order.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "epalm/base/error.h"
#include "epalm/base/python_random.h"

namespace epalm::data {

std::vector<std::vector<int64_t>> batch_order(int64_t size, int64_t batch_size, bool shuffle, uint64_t seed,
                                              int64_t epoch) {
  require(batch_size >= 1, "batch size: expected 1 or more, got {}", batch_size);
  std::vector<int64_t> order(static_cast<size_t>(size));
  std::iota(order.begin(), order.end(), 0);
  if (shuffle) PythonRandom(seed + static_cast<uint64_t>(epoch)).shuffle(order);
  std::vector<std::vector<int64_t>> batches;
  for (int64_t begin = 0; begin < size; begin += batch_size) {
    batches.emplace_back(order.begin() + begin, order.begin() + std::min(size, begin + batch_size));
  }
  return batches;
}

std::vector<std::vector<PackedRow>> packed_batch_order(const std::vector<int64_t>& media, int64_t batch_size,
                                                       int64_t most, uint64_t seed, int64_t epoch) {
  require(most >= 1, "samples of a row: expected 1 or more, got {}", most);
  std::vector<PackedRow> rows;
  std::unordered_map<int64_t, size_t> open;  // medium -> its row with room
  for (const auto& batch : batch_order(static_cast<int64_t>(media.size()), batch_size, true, seed, epoch)) {
    for (const int64_t sample : batch) {
      const int64_t medium = media[static_cast<size_t>(sample)];
      const auto found = open.find(medium);
      const size_t at = found == open.end() ? rows.size() : found->second;
      if (found == open.end()) rows.emplace_back();
      rows[at].push_back(sample);
      if (static_cast<int64_t>(rows[at].size()) == most) {
        open.erase(medium);
      } else {
        open[medium] = at;
      }
    }
  }
  std::vector<std::vector<PackedRow>> batches;
  const auto order =
      batch_order(static_cast<int64_t>(rows.size()), std::max<int64_t>(1, batch_size / most), most > 1, seed, epoch);
  for (const auto& batch : order) {
    auto& packed = batches.emplace_back();
    for (const int64_t row : batch) packed.push_back(rows[static_cast<size_t>(row)]);
  }
  return batches;
}

}  // namespace epalm::data
