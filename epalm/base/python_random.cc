#include "epalm/base/python_random.h"

#include <cmath>
#include <numbers>
#include <sstream>
#include <unordered_set>

#include "epalm/base/error.h"

namespace epalm {

// init_by_array of the MT19937 reference, with the key that CPython makes of a non-negative integer seed.
PythonRandom::PythonRandom(uint64_t seed) {
  std::vector<uint32_t> key{static_cast<uint32_t>(seed)};
  if (seed >> 32 != 0) key.push_back(static_cast<uint32_t>(seed >> 32));
  words_[0] = 19650218U;
  for (uint32_t i = 1; i < 624; ++i) words_[i] = 1812433253U * (words_[i - 1] ^ (words_[i - 1] >> 30)) + i;
  uint32_t i = 1;
  uint32_t j = 0;
  for (int k = 624; k > 0; --k) {
    words_[i] = (words_[i] ^ ((words_[i - 1] ^ (words_[i - 1] >> 30)) * 1664525U)) + key[j] + j;
    if (++i >= 624) {
      words_[0] = words_[623];
      i = 1;
    }
    if (++j >= key.size()) j = 0;
  }
  for (int k = 623; k > 0; --k) {
    words_[i] = (words_[i] ^ ((words_[i - 1] ^ (words_[i - 1] >> 30)) * 1566083941U)) - i;
    if (++i >= 624) {
      words_[0] = words_[623];
      i = 1;
    }
  }
  words_[0] = 0x80000000U;
}

uint32_t PythonRandom::next() {
  if (index_ >= 624) {
    for (size_t k = 0; k < 624; ++k) {
      const uint32_t y = (words_[k] & 0x80000000U) | (words_[(k + 1) % 624] & 0x7fffffffU);
      words_[k] = words_[(k + 397) % 624] ^ (y >> 1) ^ ((y & 1U) != 0 ? 0x9908b0dfU : 0U);
    }
    index_ = 0;
  }
  uint32_t y = words_[static_cast<size_t>(index_++)];
  y ^= y >> 11;
  y ^= (y << 7) & 0x9d2c5680U;
  y ^= (y << 15) & 0xefc60000U;
  return y ^ (y >> 18);
}

double PythonRandom::random() {
  const uint32_t a = next() >> 5;
  const uint32_t b = next() >> 6;
  return (a * 67108864.0 + b) * (1.0 / 9007199254740992.0);
}

uint64_t PythonRandom::getrandbits(int bits) {
  EPALM_ASSERT(bits >= 1 && bits <= 64);
  if (bits <= 32) return next() >> (32 - bits);
  const uint64_t low = next();
  return low | static_cast<uint64_t>(next() >> (64 - bits)) << 32;
}

int64_t PythonRandom::randrange(int64_t stop) {
  require(stop > 0, "randrange: expected an upper bound above 0, got {}", stop);
  const auto bound = static_cast<uint64_t>(stop);
  const int bits = 64 - __builtin_clzll(bound);
  uint64_t value = getrandbits(bits);
  while (value >= bound) value = getrandbits(bits);
  return static_cast<int64_t>(value);
}

int64_t PythonRandom::randint(int64_t low, int64_t high) {
  return low + randrange(high - low + 1);
}

double PythonRandom::uniform(double low, double high) {
  return low + (high - low) * random();
}

double PythonRandom::gauss() {
  return std::cos(2.0 * std::numbers::pi * random()) * std::sqrt(-2.0 * std::log(1.0 - random()));
}

std::vector<int64_t> PythonRandom::sample_indices(int64_t population, int64_t count) {
  require(count >= 0 && count <= population, "sample: expected 0..{} items, got {}", population, count);
  std::vector<int64_t> result;
  result.reserve(static_cast<size_t>(count));
  // CPython chooses between a pool and a set by estimated memory.
  int64_t set_size = 21;
  if (count > 5) set_size += static_cast<int64_t>(std::pow(4, std::ceil(std::log(count * 3) / std::log(4))));
  if (population <= set_size) {
    std::vector<int64_t> pool(static_cast<size_t>(population));
    for (int64_t i = 0; i < population; ++i) pool[static_cast<size_t>(i)] = i;
    for (int64_t i = 0; i < count; ++i) {
      const auto j = static_cast<size_t>(randrange(population - i));
      result.push_back(pool[j]);
      pool[j] = pool[static_cast<size_t>(population - i - 1)];
    }
  } else {
    std::unordered_set<int64_t> selected;
    for (int64_t i = 0; i < count; ++i) {
      int64_t j = randrange(population);
      while (!selected.insert(j).second) j = randrange(population);
      result.push_back(j);
    }
  }
  return result;
}

std::string PythonRandom::state() const {
  std::ostringstream out;
  for (const uint32_t word : words_) out << word << ' ';
  out << index_;
  return out.str();
}

void PythonRandom::set_state(const std::string& state) {
  std::istringstream in(state);
  for (uint32_t& word : words_) in >> word;
  in >> index_;
  require(!in.fail() && index_ >= 0 && index_ <= 624,
          "random state: expected 624 words and an index; the checkpoint is damaged");
}

}  // namespace epalm
