#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace epalm {

// 64 bits that tell whether numbers are still the ones that were written, at the speed of memory; no defence against
// intent. Each step is a bijection of what stood before, so bytes that differ within one word of eight always show.
inline uint64_t checksum(std::span<const std::byte> bytes, uint64_t start = 0) {
  constexpr uint64_t kGoldenRatio = 0x9E3779B97F4A7C15;
  uint64_t sum = start ^ bytes.size();
  while (!bytes.empty()) {
    uint64_t word = 0;
    const size_t taken = bytes.size() < sizeof word ? bytes.size() : sizeof word;
    std::memcpy(&word, bytes.data(), taken);
    sum = std::rotl(sum ^ word, 29) * kGoldenRatio;
    bytes = bytes.subspan(taken);
  }
  return sum;
}

}  // namespace epalm
