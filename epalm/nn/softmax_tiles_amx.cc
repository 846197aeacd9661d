#include <immintrin.h>

#include <algorithm>
#include <iterator>

#include "epalm/nn/softmax_tiles.h"
#include "epalm/nn/tile_kernels.h"
#include "epalm/nn/tile_target.h"

namespace epalm::nn {
namespace {

// Where the left half of a row lies in a block; the right one is a tile further.
constexpr int64_t kTile = kBlockSums / 4;
constexpr int64_t place_of(int64_t row) {
  return row / kTileRows * 2 * kTile + row % kTileRows * kTileRows;
}

// The columns of block j that are keys.
struct Masks {
  __mmask16 left, right;
};
Masks masks_of(int64_t keys, int64_t j) {
  const auto first = [](int64_t count) {
    return static_cast<__mmask16>((1U << std::clamp<int64_t>(count, 0, 16)) - 1);
  };
  return {first(keys - j * kPairRows), first(keys - j * kPairRows - kTileRows)};
}

// 2^x for x <= 0, within 2^-22 of itself: 2^n 2^f with |f| <= 1/2 and the series of 2^f up to f^6.
EPALM_TILES EPALM_ALWAYS __m512 power_of_two(__m512 x) {
  const __m512 n = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m512 f = _mm512_sub_ps(x, n);
  __m512 series = _mm512_set1_ps(1.5403530e-4F);  // (ln 2)^6 / 6! and so on
  for (const float term : {1.3333558e-3F, 9.6181291e-3F, 5.5504109e-2F, 2.4022651e-1F, 6.9314718e-1F, 1.0F}) {
    series = _mm512_fmadd_ps(series, f, _mm512_set1_ps(term));
  }
  return _mm512_scalef_ps(series, n);
}

}  // namespace

EPALM_TILES void softmax_blocks(const float* blocks, int64_t keys, float scale, uint16_t* pairs, float* shares) {
  const int64_t count = pairs_of(keys);
  __m512 of_rows[kPairRows];
  std::fill(std::begin(of_rows), std::end(of_rows), _mm512_set1_ps(-3e38F));
  for (int64_t j = 0; j < count; ++j) {
    const Masks keep = masks_of(keys, j);
    for (int64_t row = 0; row < kPairRows; ++row) {
      const float* from = blocks + j * kBlockSums + place_of(row);
      const __m512 higher = _mm512_mask_max_ps(of_rows[row], keep.left, of_rows[row], _mm512_loadu_ps(from));
      of_rows[row] = _mm512_mask_max_ps(higher, keep.right, higher, _mm512_loadu_ps(from + kTile));
    }
  }
  constexpr float kLog2e = 1.44269504F;
  const __m512 factor = _mm512_set1_ps(scale * kLog2e);
  float highest[kPairRows];
  for (int64_t row = 0; row < kPairRows; ++row) {
    highest[row] = _mm512_reduce_max_ps(of_rows[row]);
    of_rows[row] = _mm512_setzero_ps();
  }
  for (int64_t j = 0; j < count; ++j) {
    const Masks keep = masks_of(keys, j);
    for (int64_t row = 0; row < kPairRows; ++row) {
      const float* from = blocks + j * kBlockSums + place_of(row);
      const __m512 top = _mm512_set1_ps(highest[row]);
      const auto raised = [&](const float* scores, __mmask16 there) EPALM_TILES __attribute__((always_inline)) {
        const __m512 below = _mm512_mul_ps(_mm512_sub_ps(_mm512_loadu_ps(scores), top), factor);
        return _mm512_maskz_mov_ps(there, power_of_two(below));
      };
      const __m512 left = raised(from, keep.left), right = raised(from + kTile, keep.right);
      of_rows[row] = _mm512_add_ps(of_rows[row], _mm512_add_ps(left, right));
      _mm512_storeu_si512(pairs + j * kPairNumbers + row * kPairDepth, (__m512i)_mm512_cvtne2ps_pbh(right, left));
    }
  }
  for (int64_t row = 0; row < kPairRows; ++row) shares[row] = 1 / _mm512_reduce_add_ps(of_rows[row]);
}

}  // namespace epalm::nn
