#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "epalm/nn/finished_rows.h"
#include "epalm/nn/panels.h"
#include "epalm/nn/vectors.h"
#include "epalm/nn/words.h"

namespace epalm::nn {
namespace {

constexpr int64_t kVectors = kPanelColumns / 16;
constexpr int64_t kPairBytes = kPanelColumns * 4;  // a pair: two neighbours in depth

template <int kCount>
EPALM_BF16 EPALM_ALWAYS void multiply_rows(const uint16_t* x, int64_t stride, int64_t depth, const uint8_t* panel,
                                           bool adds, Wanted& wanted, float* sums) {
  Floats terms[kCount][kVectors] = {};
  if (adds) {
    for (int r = 0; r < kCount; ++r) {
      for (int v = 0; v < kVectors; ++v) load(terms[r][v], sums + r * kPanelColumns + v * 16);
    }
  }
  for (int64_t at = 0; at < depth;) {
    ask_for<3>(wanted);
    for (const int64_t end = std::min(at + kStepDepth<uint16_t>, depth); at < end; at += 2, panel += kPairBytes) {
      Ints pairs[kVectors];
      for (int v = 0; v < kVectors; ++v) load(pairs[v], panel + v * 64);
      for (int r = 0; r < kCount; ++r) {
        int32_t two = 0;
        std::memcpy(&two, x + r * stride + at, sizeof(two));
        const auto left = (__m512bh)_mm512_set1_epi32(two);
        for (int v = 0; v < kVectors; ++v) {
          terms[r][v] = (Floats)_mm512_dpbf16_ps((__m512)terms[r][v], left, (__m512bh)pairs[v]);
        }
      }
    }
  }
  for (int r = 0; r < kCount; ++r) {
    for (int v = 0; v < kVectors; ++v) _mm512_store_ps(sums + r * kPanelColumns + v * 16, (__m512)terms[r][v]);
  }
}

}  // namespace

EPALM_BF16 void round_rows(const float* x, int64_t stride, int64_t columns, int64_t begin, int64_t end,
                           int64_t to_stride, uint16_t* to) {
  for (int64_t row = begin; row < end; ++row) {
    for (int64_t column = 0; column < to_stride; column += 32) {
      _mm512_mask_storeu_epi16(to + row * to_stride + column, first_halves(to_stride - column),
                               rounded(x + row * stride + column, first_halves(columns - column)));
    }
  }
}

EPALM_BF16 void pack_panel_of_rows(const PanelSource<uint16_t>& source, uint8_t* panel) {
  for (int64_t column = 0; column < source.depth; column += 32, panel += 16 * kPairBytes) {
    const __mmask32 there = first_halves(source.depth - column);
    for (int64_t v = 0; v < kVectors; ++v) {
      __m512i words[16];
      for (int64_t i = 0; i < 16; ++i) {
        const int64_t row = v * 16 + i;
        words[i] =
            _mm512_maskz_loadu_epi16(row < source.columns ? there : 0, source.from + row * source.stride + column);
      }
      transpose(words);
      for (int64_t pair = 0; pair < 16; ++pair) _mm512_store_si512(panel + pair * kPairBytes + v * 64, words[pair]);
    }
  }
}

// Of two rows the numbers of each column side by side. Quarters of a vector are interleaved by themselves: they hold,
// each in its halves, the columns that come to lie in them.
EPALM_BF16 void pack_panel_of_columns(const PanelSource<uint16_t>& source, uint8_t* panel) {
  const __m512i halves = _mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7);
  for (int64_t row = 0; row < source.depth; row += 2, panel += kPairBytes) {
    for (int64_t v = 0; v < kVectors; v += 2) {
      const __mmask32 there = first_halves(source.columns - v * 16);
      const uint16_t* from = source.from + row * source.stride + v * 16;
      const __m512i even = _mm512_permutexvar_epi64(halves, _mm512_maskz_loadu_epi16(there, from));
      const __m512i odd = _mm512_permutexvar_epi64(
          halves, _mm512_maskz_loadu_epi16(row + 1 < source.depth ? there : 0, from + source.stride));
      _mm512_store_si512(panel + v * 64, _mm512_unpacklo_epi16(even, odd));
      _mm512_store_si512(panel + v * 64 + 64, _mm512_unpackhi_epi16(even, odd));
    }
  }
}

EPALM_BF16 void multiply_panel(const Bfloat16Rows& x, int64_t begin, int64_t end, int64_t first_depth, int64_t depth,
                               const uint8_t* panel, bool adds, Wanted wanted, float* sums) {
  for (int64_t rows = 0; begin < end; begin += rows, sums += rows * kPanelColumns) {
    const uint16_t* values = x.values + begin * x.stride + first_depth;
    rows = rows_of_step(end - begin);
    switch (rows) {
      case 5:
        multiply_rows<5>(values, x.stride, depth, panel, adds, wanted, sums);
        break;
      case 4:
        multiply_rows<4>(values, x.stride, depth, panel, adds, wanted, sums);
        break;
      case 3:
        multiply_rows<3>(values, x.stride, depth, panel, adds, wanted, sums);
        break;
      case 2:
        multiply_rows<2>(values, x.stride, depth, panel, adds, wanted, sums);
        break;
      default:
        multiply_rows<1>(values, x.stride, depth, panel, adds, wanted, sums);
    }
  }
}

EPALM_BF16 void write_bfloat16_panel(const float* sums, const ProductTarget& target) {
  for (int64_t row = 0; row < target.rows; ++row, sums += kPanelColumns) {
    for (int64_t column = 0; column < target.columns; column += 32) {
      write_row(target, row, column, _mm512_load_ps(sums + column), _mm512_load_ps(sums + column + 16));
    }
  }
}

}  // namespace epalm::nn
