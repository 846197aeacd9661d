#include "epalm/base/numpy_random.h"

#include <bit>
#include <cmath>
#include <numeric>
#include <utility>

#include "epalm/base/error.h"

namespace epalm {

double NumpyRandom::random() {
  const auto a = static_cast<double>(engine_() >> 5);
  const auto b = static_cast<double>(engine_() >> 6);
  return (a * 67108864.0 + b) / 9007199254740992.0;
}

int64_t NumpyRandom::randrange(int64_t stop) {
  require(stop > 0 && stop <= int64_t{1} << 32, "randrange: expected an upper bound of 1 to 2^32, got {}", stop);
  const auto largest = static_cast<uint64_t>(stop) - 1;
  if (largest == 0) return 0;  // draws nothing
  const uint64_t mask = std::bit_ceil(largest + 1) - 1;
  uint64_t value = engine_() & mask;
  while (value > largest) value = engine_() & mask;
  return static_cast<int64_t>(value);
}

std::vector<int64_t> NumpyRandom::permutation(int64_t n) {
  require(n >= 0, "permutation: expected a count of at least 0, got {}", n);
  std::vector<int64_t> items(static_cast<size_t>(n));
  std::iota(items.begin(), items.end(), int64_t{0});
  for (size_t i = items.size(); i-- > 1;)
    std::swap(items[i], items[static_cast<size_t>(randrange(static_cast<int64_t>(i) + 1))]);
  return items;
}

// NumPy draws one binomial after another, each by inversion: with a single trial that compares one uniform number with
// the probability of the commoner outcome.
size_t NumpyRandom::draw(const std::vector<double>& probabilities) {
  require(!probabilities.empty(), "draw: expected at least one probability");
  double remaining = 1.0;
  for (size_t i = 0; i + 1 < probabilities.size(); ++i) {
    require(probabilities[i] >= 0.0, "draw: expected probabilities of at least 0, got {}", probabilities[i]);
    const double p = probabilities[i] / remaining;
    bool hit = false;
    if (p > 0.5) {
      hit = random() <= std::exp(std::log(1.0 - (1.0 - p)));
    } else if (p > 0.0) {
      hit = random() > std::exp(std::log(1.0 - p));
    }
    if (hit) return i;
    remaining -= probabilities[i];
  }
  return probabilities.size() - 1;
}

}  // namespace epalm
