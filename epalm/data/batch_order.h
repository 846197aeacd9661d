#pragma once

#include <cstdint>
#include <vector>

namespace epalm::data {

// The batches of one epoch as sample indices: shuffled by seed + epoch or in order; the last one may be smaller. The
// same arguments give the same batches on every machine. Throws Error for a batch size below 1.
std::vector<std::vector<int64_t>> batch_order(int64_t size, int64_t batch_size, bool shuffle, uint64_t seed = 0,
                                              int64_t epoch = 0);

// The samples of one row: of one medium, all read as the continuations of its tokens.
using PackedRow = std::vector<int64_t>;

// As batch_order with shuffle, in rows of up to `most` samples. media[i]: the number of what sample i shows. A batch
// has batch_size / most rows, at least one; every epoch has the same number of batches. Throws Error for a batch size
// or a row below 1.
std::vector<std::vector<PackedRow>> packed_batch_order(const std::vector<int64_t>& media, int64_t batch_size,
                                                       int64_t most, uint64_t seed, int64_t epoch);

}  // namespace epalm::data
