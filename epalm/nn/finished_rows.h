#pragma once

#include <immintrin.h>

#include <algorithm>
#include <cstdint>

#include "epalm/nn/product_target.h"
#include "epalm/nn/vectors.h"
#include "epalm/nn/words.h"

namespace epalm::nn {

EPALM_BF16 EPALM_ALWAYS __mmask32 first_halves(int64_t count) {
  return static_cast<__mmask32>(count >= 32 ? 0xFFFFFFFFU : (1U << std::max<int64_t>(count, 0)) - 1);
}

// 32 numbers in bfloat16, zero where there are none.
EPALM_BF16 EPALM_ALWAYS __m512i rounded(const float* from, __mmask32 there) {
  const __m512 low = _mm512_maskz_loadu_ps(static_cast<__mmask16>(there), from);
  const __m512 high = _mm512_maskz_loadu_ps(static_cast<__mmask16>(there >> 16), from + 16);
  return (__m512i)_mm512_cvtne2ps_pbh(high, low);
}

// x (1 + erf(x / sqrt(2))) / 2, with erf to 1.5e-7 (Abramowitz and Stegun, 7.1.26).
EPALM_BF16 EPALM_ALWAYS __m512 gelu(__m512 x) {
  const __m512 z = _mm512_mul_ps(_mm512_abs_ps(x), _mm512_set1_ps(0.70710678F));
  const __m512 divisor = _mm512_fmadd_ps(z, _mm512_set1_ps(0.3275911F), _mm512_set1_ps(1));
  const __m512 near = _mm512_rcp14_ps(divisor);  // and one step of Newton's, to float32's own precision
  const __m512 t = _mm512_mul_ps(near, _mm512_fnmadd_ps(divisor, near, _mm512_set1_ps(2)));
  __m512 series = _mm512_set1_ps(1.061405429F);
  for (const float term : {-1.453152027F, 1.421413741F, -0.284496736F, 0.254829592F}) {
    series = _mm512_fmadd_ps(series, t, _mm512_set1_ps(term));
  }
  auto power = (Floats)_mm512_sub_ps(_mm512_setzero_ps(), _mm512_mul_ps(z, z));
  raise(power);
  // Half of 1 - erf(z): what lacks to x where x is positive, what is left of it where it is negative.
  const __m512 rest = _mm512_mul_ps(_mm512_mul_ps(_mm512_mul_ps(series, t), (__m512)power), _mm512_set1_ps(0.5F));
  const __mmask16 positive = _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_GE_OQ);
  return _mm512_mul_ps(x, _mm512_mask_sub_ps(rest, positive, _mm512_set1_ps(1), rest));
}

// Sums of 32 columns of a row, from this one on.
EPALM_BF16 EPALM_ALWAYS void write_row(const ProductTarget& t, int64_t row, int64_t column, __m512 low, __m512 high) {
  const __mmask32 columns = first_halves(t.columns - column);
  const int64_t place = row * t.stride + column;
  const auto mask_low = static_cast<__mmask16>(columns), mask_high = static_cast<__mmask16>(columns >> 16);
  if (t.factors != nullptr) {
    const __m512 factor = _mm512_set1_ps(t.factors[row]);
    low = _mm512_mul_ps(low, factor);
    high = _mm512_mul_ps(high, factor);
  }
  if (t.bias != nullptr) {
    low = _mm512_add_ps(low, _mm512_maskz_loadu_ps(mask_low, t.bias + column));
    high = _mm512_add_ps(high, _mm512_maskz_loadu_ps(mask_high, t.bias + column + 16));
  }
  if (t.finish == Finish::kNone) {
    float* to = static_cast<float*>(t.to) + place;
    _mm512_mask_storeu_ps(to, mask_low, low);
    _mm512_mask_storeu_ps(to + 16, mask_high, high);
    return;
  }
  if (t.finish == Finish::kGeluAndRound) {
    low = gelu(low);
    high = gelu(high);
  }
  if (t.finish == Finish::kReluAndRound) {
    low = _mm512_max_ps(_mm512_setzero_ps(), low);  // in this order NaN stays
    high = _mm512_max_ps(_mm512_setzero_ps(), high);
  }
  auto halves = (__m512i)_mm512_cvtne2ps_pbh(high, low);
  if (t.positive != nullptr) {
    const __m512i signs = _mm512_maskz_loadu_epi16(columns, t.positive + place);
    halves = _mm512_maskz_mov_epi16(_mm512_cmpgt_epi16_mask(signs, _mm512_setzero_si512()), halves);
  }
  _mm512_mask_storeu_epi16(static_cast<uint16_t*>(t.to) + place, columns, halves);
}

}  // namespace epalm::nn
