#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace epalm {

// The generator behind `numpy.random`'s module functions (RandomState, MT19937), with its exact results: the published
// data sets draw answers from it (SPEC.md §7.4). Not thread-safe: one per thread.
class NumpyRandom {
 public:
  explicit NumpyRandom(uint32_t seed) : engine_(seed) {}

  double random();                              // [0, 1) with 53 bits
  int64_t randrange(int64_t stop);              // [0, stop), stop <= 2^32; choice() with replacement draws so
  std::vector<int64_t> permutation(int64_t n);  // of 0..n-1, n <= 2^32

  // The index of the one that numpy.random.multinomial(1, probabilities) gives. Probabilities are not negative; what
  // their sum lacks to 1 goes to the last.
  size_t draw(const std::vector<double>& probabilities);

 private:
  std::mt19937 engine_;
};

}  // namespace epalm
