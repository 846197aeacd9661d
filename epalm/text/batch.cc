#include "epalm/text/batch.h"

#include <algorithm>

namespace epalm::text {

TokenBatch pad(const std::vector<std::vector<int64_t>>& sequences, int64_t pad_id) {
  size_t columns = 0;
  for (const auto& sequence : sequences) columns = std::max(columns, sequence.size());
  TokenBatch batch{static_cast<int64_t>(sequences.size()), static_cast<int64_t>(columns), {}, {}};
  batch.ids.assign(sequences.size() * columns, pad_id);
  batch.mask.assign(sequences.size() * columns, 0);
  for (size_t row = 0; row < sequences.size(); ++row) {
    const auto start = static_cast<std::ptrdiff_t>(row * columns);
    std::copy(sequences[row].begin(), sequences[row].end(), batch.ids.begin() + start);
    std::fill_n(batch.mask.begin() + start, sequences[row].size(), 1);
  }
  return batch;
}

}  // namespace epalm::text
