#pragma once

#include <cstdint>
#include <vector>

namespace epalm::text {

// Token rows of one length, row after row. T = columns.
struct TokenBatch {
  int64_t rows = 0;
  int64_t columns = 0;
  std::vector<int64_t> ids;   // [rows, T]
  std::vector<int64_t> mask;  // [rows, T], 1 at tokens, 0 at padding
};

// Fills every sequence up with pad_id on its right to the length of the longest. An id equal to pad_id inside a
// sequence keeps mask 1.
TokenBatch pad(const std::vector<std::vector<int64_t>>& sequences, int64_t pad_id);

}  // namespace epalm::text
