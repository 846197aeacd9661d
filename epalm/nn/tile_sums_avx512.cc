#include <immintrin.h>

#include <cstring>

#include "epalm/nn/tile_kernels.h"
#include "epalm/nn/tile_sums.h"
#include "epalm/nn/vectors.h"
#include "epalm/nn/words.h"

namespace epalm::nn {
namespace {

constexpr int64_t kTileNumbers = kPairNumbers / 2, kTileSums = kBlockSums / 4, kTileRows = 16;

// Both sums of a row of a block: of its first 16 columns and of the others.
EPALM_ALWAYS float* sums_of(float* block, int64_t row, int64_t half) {
  return block + (row / kTileRows * 2 + half) * kTileSums + row % kTileRows * kTileRows;
}

// Rows first … first + kRows - 1 of the left side.
template <int kRows>
EPALM_BF16 EPALM_ALWAYS void add_up_rows(int64_t first, const uint16_t* left, int64_t left_stride, int64_t left_step,
                                         const uint16_t* right, int64_t pairs, bool adds, Wanted& wanted,
                                         float* block) {
  Floats sums[kRows][2];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
    sums[r][0] = adds ? (Floats)_mm512_loadu_ps(sums_of(block, first + r, 0)) : Floats{};
    sums[r][1] = adds ? (Floats)_mm512_loadu_ps(sums_of(block, first + r, 1)) : Floats{};
  }
  left += first * left_stride;
  for (int64_t pair = 0; pair < pairs; ++pair, left += left_step, right += kPairNumbers) {
    if (first == 0) ask_for(wanted);
    for (int64_t depth = 0; depth < kPairDepth; depth += 2) {
      const auto low = (__m512bh)_mm512_loadu_si512(right + depth * kTileRows);
      const auto high = (__m512bh)_mm512_loadu_si512(right + depth * kTileRows + kTileNumbers);
      for (int r = 0; r < kRows; ++r) {
        int32_t two = 0;
        std::memcpy(&two, left + r * left_stride + depth, sizeof(two));
        const auto both = (__m512bh)_mm512_set1_epi32(two);
        sums[r][0] = (Floats)_mm512_dpbf16_ps((__m512)sums[r][0], both, low);
        sums[r][1] = (Floats)_mm512_dpbf16_ps((__m512)sums[r][1], both, high);
      }
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
    _mm512_storeu_ps(sums_of(block, first + r, 0), (__m512)sums[r][0]);
    _mm512_storeu_ps(sums_of(block, first + r, 1), (__m512)sums[r][1]);
  }
}

}  // namespace

EPALM_BF16 void add_up_pairs(const uint16_t* left, int64_t left_stride, int64_t left_step, const uint16_t* right,
                             int64_t pairs, bool adds, Wanted& wanted, float* block) {
  add_up_rows<11>(0, left, left_stride, left_step, right, pairs, adds, wanted, block);
  add_up_rows<11>(11, left, left_stride, left_step, right, pairs, adds, wanted, block);
  add_up_rows<10>(22, left, left_stride, left_step, right, pairs, adds, wanted, block);
}

}  // namespace epalm::nn
