#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "epalm/nn/int8_rows.h"
#include "epalm/nn/panels.h"
#include "epalm/nn/vectors.h"
#include "epalm/nn/words.h"

// What functions with these instructions are compiled for, whatever the rest of the program is.
#define EPALM_VNNI __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")))

namespace epalm::nn {
namespace {

constexpr int64_t kVectors = kPanelColumns / 16, kQuads = kGroupDepth / 4;  // a quad: four neighbours in depth
constexpr int64_t kGroupBytes = kGroupDepth * kPanelColumns;
static_assert(kStepDepth<int8_t> == kGroupDepth);

EPALM_VNNI EPALM_ALWAYS __mmask64 first_bytes(int64_t count) {
  return count >= 64 ? ~0ULL : (1ULL << std::max<int64_t>(count, 0)) - 1;
}

EPALM_VNNI EPALM_ALWAYS __mmask16 first_floats(int64_t count) {
  return static_cast<__mmask16>(first_bytes(std::min<int64_t>(16, count)));
}

// The instruction multiplies unsigned numbers by signed ones.
EPALM_VNNI EPALM_ALWAYS __m512i plus_128(__m512i numbers) {
  return _mm512_xor_si512(numbers, _mm512_set1_epi8(static_cast<char>(128)));
}

template <int kCount>
EPALM_VNNI EPALM_ALWAYS void multiply_rows(const GroupedRows& x, int64_t row, int64_t first_group, int64_t groups,
                                           const uint8_t* panel, bool adds, Wanted& wanted, float* sums) {
  const int64_t groups_of_row = x.depth / kGroupDepth;
  const int8_t* values = x.values + row * x.depth + first_group * kGroupDepth;
  const int32_t* offsets = x.offsets + row * groups_of_row + first_group;
  const float* scales = x.scales + row * groups_of_row + first_group;
  for (int64_t g = 0; g < groups; ++g, values += kGroupDepth) {
    Ints terms[kCount][kVectors];
    for (int r = 0; r < kCount; ++r) {
      std::fill_n(terms[r], kVectors, Ints{} + offsets[r * groups_of_row + g]);
    }
    ask_for<3>(wanted);
    for (int64_t quad = 0; quad < kQuads; ++quad, panel += 4 * kPanelColumns) {
      Ints numbers[kVectors];
      for (int v = 0; v < kVectors; ++v) load(numbers[v], panel + v * 64);
      for (int r = 0; r < kCount; ++r) {
        int32_t four = 0;
        std::memcpy(&four, values + r * x.depth + 4 * quad, sizeof(four));
        const __m512i left = _mm512_set1_epi32(four);
        for (int v = 0; v < kVectors; ++v) {
          terms[r][v] = (Ints)_mm512_dpbusd_epi32((__m512i)terms[r][v], (__m512i)numbers[v], left);
        }
      }
    }
    for (int r = 0; r < kCount; ++r) {
      const __m512 scale = _mm512_set1_ps(scales[r * groups_of_row + g]);
      for (int v = 0; v < kVectors; ++v) {
        float* to = sums + r * kPanelColumns + v * 16;
        const __m512 before = adds || g > 0 ? _mm512_load_ps(to) : _mm512_setzero_ps();
        _mm512_store_ps(to, _mm512_fmadd_ps(_mm512_cvtepi32_ps((__m512i)terms[r][v]), scale, before));
      }
    }
  }
}

}  // namespace

EPALM_VNNI void round_groups(const float* x, int64_t columns, const float* factors, int64_t begin, int64_t end,
                             const GroupedRows& to) {
  const int64_t groups = to.depth / kGroupDepth;
  const __m512i sign = _mm512_set1_epi32(static_cast<int>(0x80000000U));
  for (int64_t row = begin; row < end; ++row) {
    for (int64_t g = 0; g < groups; ++g) {
      __m512 numbers[4];
      __m512i most = _mm512_setzero_si512();  // bits without their sign order as the numbers do, infinity and NaN last
      for (int v = 0; v < 4; ++v) {
        const int64_t column = g * kGroupDepth + v * 16;
        const __mmask16 there = first_floats(columns - column);
        numbers[v] = _mm512_maskz_loadu_ps(there, x + row * columns + column);
        if (factors != nullptr) numbers[v] = _mm512_mul_ps(numbers[v], _mm512_maskz_loadu_ps(there, factors + column));
        most = _mm512_max_epu32(most, _mm512_andnot_si512(sign, _mm512_castps_si512(numbers[v])));
      }
      const uint32_t bits = _mm512_reduce_max_epu32(most);
      float largest = 0;
      std::memcpy(&largest, &bits, sizeof(bits));
      const bool zeros = largest <= kLeastInt8Number;
      const __m512 inverse = _mm512_set1_ps(zeros ? 0 : kMostInt8 / largest);
      __m512i sum = _mm512_setzero_si512();
      for (int v = 0; v < 4; ++v) {
        // Between -127 and 127 but where the scale is not finite: what is no number becomes one here.
        const __m512 scaled = _mm512_max_ps(_mm512_mul_ps(numbers[v], inverse), _mm512_set1_ps(-kMostInt8));
        const __m512i rounded = _mm512_cvtps_epi32(_mm512_min_ps(scaled, _mm512_set1_ps(kMostInt8)));
        sum = _mm512_add_epi32(sum, rounded);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(to.values + row * to.depth + g * kGroupDepth + v * 16),
                         _mm512_cvtsepi32_epi8(rounded));
      }
      to.offsets[row * groups + g] = -128 * _mm512_reduce_add_epi32(sum);
      to.scales[row * groups + g] = zeros ? 0 : largest / kMostInt8;
    }
  }
}

// Column 16 · lane + 4 · v + i of a panel lies in word 4 · lane + i of vector v, where bytes of neighbouring columns
// come to lie when those of four rows are interleaved.
EPALM_VNNI void pack_panel_of_rows(const PanelSource<int8_t>& source, uint8_t* panel) {
  for (int64_t column = 0; column < source.depth; column += kGroupDepth, panel += kGroupBytes) {
    const __mmask64 there = first_bytes(source.depth - column);
    for (int64_t v = 0; v < kVectors; ++v) {
      __m512i words[16];
      for (int64_t i = 0; i < 16; ++i) {
        const int64_t row = i / 4 * 16 + v * 4 + i % 4;
        words[i] = plus_128(
            _mm512_maskz_loadu_epi8(row < source.columns ? there : 0, source.from + row * source.stride + column));
      }
      transpose(words);
      for (int64_t quad = 0; quad < kQuads; ++quad) {
        _mm512_store_si512(panel + quad * 4 * kPanelColumns + v * 64, words[quad]);
      }
    }
  }
}

EPALM_VNNI void pack_panel_of_columns(const PanelSource<int8_t>& source, uint8_t* panel) {
  const __mmask64 there = first_bytes(source.columns);
  for (int64_t row = 0; row < (source.depth + kGroupDepth - 1) / kGroupDepth * kGroupDepth;
       row += 4, panel += 4 * kPanelColumns) {
    __m512i rows[4];
    for (int64_t i = 0; i < 4; ++i) {
      rows[i] = plus_128(
          _mm512_maskz_loadu_epi8(row + i < source.depth ? there : 0, source.from + (row + i) * source.stride));
    }
    const __m512i low01 = _mm512_unpacklo_epi8(rows[0], rows[1]), high01 = _mm512_unpackhi_epi8(rows[0], rows[1]);
    const __m512i low23 = _mm512_unpacklo_epi8(rows[2], rows[3]), high23 = _mm512_unpackhi_epi8(rows[2], rows[3]);
    _mm512_store_si512(panel, _mm512_unpacklo_epi16(low01, low23));
    _mm512_store_si512(panel + 64, _mm512_unpackhi_epi16(low01, low23));
    _mm512_store_si512(panel + 128, _mm512_unpacklo_epi16(high01, high23));
    _mm512_store_si512(panel + 192, _mm512_unpackhi_epi16(high01, high23));
  }
}

EPALM_VNNI void multiply_panel(const GroupedRows& x, int64_t begin, int64_t end, int64_t first_depth, int64_t depth,
                               const uint8_t* panel, bool adds, Wanted wanted, float* sums) {
  const int64_t first_group = first_depth / kGroupDepth, groups = (depth + kGroupDepth - 1) / kGroupDepth;
  for (int64_t rows = 0; begin < end; begin += rows, sums += rows * kPanelColumns) {
    rows = rows_of_step(end - begin);
    switch (rows) {
      case 5:
        multiply_rows<5>(x, begin, first_group, groups, panel, adds, wanted, sums);
        break;
      case 4:
        multiply_rows<4>(x, begin, first_group, groups, panel, adds, wanted, sums);
        break;
      case 3:
        multiply_rows<3>(x, begin, first_group, groups, panel, adds, wanted, sums);
        break;
      case 2:
        multiply_rows<2>(x, begin, first_group, groups, panel, adds, wanted, sums);
        break;
      default:
        multiply_rows<1>(x, begin, first_group, groups, panel, adds, wanted, sums);
    }
  }
}

EPALM_VNNI void write_int8_panel(const float* sums, const Int8Target& target) {
  for (int64_t row = 0; row < target.rows; ++row, sums += kPanelColumns) {
    __m512 t[4];
    for (int v = 0; v < 4; ++v) t[v] = _mm512_load_ps(sums + v * 16);
    const __m512 low01 = _mm512_shuffle_f32x4(t[0], t[1], 0x44), high01 = _mm512_shuffle_f32x4(t[0], t[1], 0xEE);
    const __m512 low23 = _mm512_shuffle_f32x4(t[2], t[3], 0x44), high23 = _mm512_shuffle_f32x4(t[2], t[3], 0xEE);
    const __m512 in_order[4] = {_mm512_shuffle_f32x4(low01, low23, 0x88), _mm512_shuffle_f32x4(low01, low23, 0xDD),
                                _mm512_shuffle_f32x4(high01, high23, 0x88), _mm512_shuffle_f32x4(high01, high23, 0xDD)};
    for (int64_t v = 0; v < 4; ++v) {
      const __mmask16 there = first_floats(target.columns - v * 16);
      __m512 numbers = in_order[v];
      if (target.scales != nullptr)
        numbers = _mm512_mul_ps(numbers, _mm512_maskz_loadu_ps(there, target.scales + v * 16));
      if (target.bias != nullptr) numbers = _mm512_add_ps(numbers, _mm512_maskz_loadu_ps(there, target.bias + v * 16));
      _mm512_mask_storeu_ps(target.to + row * target.stride + v * 16, there, numbers);
    }
  }
}

}  // namespace epalm::nn
