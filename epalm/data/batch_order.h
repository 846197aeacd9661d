#pragma once

#include <cstdint>
#include <vector>

namespace epalm::data {

// The batches of one epoch as sample indices: shuffled by seed + epoch or in order; the last one may be smaller. The
// same arguments give the same batches on every machine. Throws Error for a batch size below 1.
std::vector<std::vector<int64_t>> batch_order(int64_t size, int64_t batch_size, bool shuffle, uint64_t seed = 0,
                                              int64_t epoch = 0);

}  // namespace epalm::data
