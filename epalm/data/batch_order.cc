#include "epalm/data/batch_order.h"

#include <algorithm>
#include <numeric>

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

}  // namespace epalm::data
