#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace epalm {

// The generator of Python's `random` module (MT19937), with its exact results, so that seeded subsets equal the
// published ones (SPEC.md §7.4). Used for every random choice that is not a tensor. Not thread-safe: one per thread.
class PythonRandom {
 public:
  explicit PythonRandom(uint64_t seed = 0);

  double random();                             // [0, 1) with 53 bits
  uint64_t getrandbits(int bits);              // 1..64 bits
  int64_t randrange(int64_t stop);             // [0, stop)
  int64_t randint(int64_t low, int64_t high);  // [low, high]
  double uniform(double low, double high);
  double gauss();  // N(0,1) through Box-Muller on random(), no cached second value (not Python's)

  // Fisher-Yates as random.shuffle.
  template <typename T>
  void shuffle(std::vector<T>& items) {
    for (size_t i = items.size(); i-- > 1;)
      std::swap(items[i], items[static_cast<size_t>(randrange(static_cast<int64_t>(i) + 1))]);
  }

  // Indices that random.sample(range(population), count) would give.
  std::vector<int64_t> sample_indices(int64_t population, int64_t count);

  template <typename T>
  const T& choice(const std::vector<T>& items) {
    return items[static_cast<size_t>(randrange(static_cast<int64_t>(items.size())))];
  }

  // State as text, for exact resume.
  std::string state() const;
  void set_state(const std::string& state);

 private:
  uint32_t next();

  std::array<uint32_t, 624> words_{};
  int index_ = 624;
};

}  // namespace epalm
