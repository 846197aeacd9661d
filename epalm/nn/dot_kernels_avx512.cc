#include "epalm/nn/dot_kernels.h"

#include <immintrin.h>

#include <algorithm>

#include "epalm/nn/vectors.h"
#include "epalm/nn/words.h"

// What functions with these instructions are compiled for, whatever the rest of the program is. A compiler uses those
// of AVX512-BF16 where they are written down and nowhere else.
#define EPALM_DOTS __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512bf16,f16c")))

// Sums that a loop changes lie in arrays of its own, of Floats (vectors.h): those of __m512, which may be any number's
// alias, or of its caller g++ 12 writes to memory at every step.

namespace epalm::nn {
namespace {

constexpr int64_t kCachedBytes = 128 << 10;  // of the matrix, which stay in the second cache while all of x meets them
// Bytes to fetch ahead of those in use: rows are too short for the processor to foresee the next ones. They may lie
// behind the matrix, for no address is refused.
constexpr int64_t kAhead = 16 << 10;
constexpr int kOut = 4;  // rows of the matrix at a time: sums that do not wait for one another

EPALM_DOTS EPALM_ALWAYS void fetch(const void* from) {
  __builtin_prefetch(static_cast<const char*>(from) + kAhead, 0, 3);
}

// The first `count` of 64 bytes.
EPALM_DOTS EPALM_ALWAYS __m512i read(const void* from, int64_t count) {
  return count >= 64 ? _mm512_loadu_si512(from) : _mm512_maskz_loadu_epi8((1ULL << count) - 1, from);
}

// What a kernel does: the sums of kCount rows of the matrix, from row n on, with kRows rows of x, from row m on.

// Four numbers times four make a lane of sums of products. Unsigned times signed is what the instruction takes.
struct Int8Kernel {
  using Operand = Int8Operand;
  static constexpr int kLacks = 128;
  static int64_t row_bytes(int64_t columns) { return columns; }
  static float scale(const PackedMatrix& matrix, int64_t n) { return matrix.scales[n]; }

  template <int kRows, int kCount>
  EPALM_DOTS EPALM_ALWAYS static void sum_up(const PackedMatrix& matrix, const Operand& x, int64_t m, int64_t n,
                                             Floats (&out)[kCount][kRows]) {
    Floats sums[kCount][kRows] = {};
    const auto* first = static_cast<const int8_t*>(matrix.values) + n * matrix.columns;
    for (int64_t column = 0; column < matrix.columns; column += kDotColumns) {
      Ints numbers[kCount];
      for (int o = 0; o < kCount; ++o) {
        const int8_t* from = first + o * matrix.columns + column;
        fetch(from);
        numbers[o] =
            (Ints)_mm512_xor_si512(read(from, matrix.columns - column), _mm512_set1_epi8(static_cast<char>(kLacks)));
      }
      for (int r = 0; r < kRows; ++r) {
        const int64_t place = (m + r) * x.columns + column;
        const __m512i values = _mm512_loadu_si512(x.values + place), offset = _mm512_loadu_si512(x.offsets + place / 4);
        const __m512 scale = _mm512_set1_ps(x.scales[place / kDotColumns]);
        for (int o = 0; o < kCount; ++o) {
          const __m512 products = _mm512_cvtepi32_ps(_mm512_dpbusd_epi32(offset, (__m512i)numbers[o], values));
          sums[o][r] = (Floats)_mm512_fmadd_ps(products, scale, (__m512)sums[o][r]);
        }
      }
    }
    std::memcpy(out, sums, sizeof(sums));
  }
};

// 64 bytes are the pairs of four groups: the low halves and the high ones of a group add up in the same four lanes.
struct Int4Kernel {
  using Operand = PairedOperand;
  static constexpr int kLacks = 8;
  static constexpr int64_t kGroups = 64;  // whose scales are widened at a time
  static int64_t row_bytes(int64_t columns) { return columns / 2; }
  static float scale(const PackedMatrix&, int64_t) { return 1; }

  // Zeros behind the last of `count`.
  EPALM_DOTS EPALM_ALWAYS static void widen(const uint16_t* halves, int64_t count, float* scales) {
    for (int64_t g = 0; g < std::min(count, kGroups); g += 16) {
      const auto there = static_cast<__mmask16>((1U << std::min<int64_t>(16, count - g)) - 1);
      _mm512_store_ps(scales + g, _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(there, halves + g)));
    }
    __builtin_prefetch(reinterpret_cast<const char*>(halves) + kAhead / 8, 0, 3);
    __builtin_prefetch(reinterpret_cast<const char*>(halves) + kAhead / 8 + 64, 0, 3);
  }

  template <int kRows, int kCount>
  EPALM_DOTS EPALM_ALWAYS static void sum_up(const PackedMatrix& matrix, const Operand& x, int64_t m, int64_t n,
                                             Floats (&out)[kCount][kRows]) {
    Floats sums[kCount][kRows] = {};
    alignas(64) float scales[kCount][kGroups];
    const __m512i fifteen = _mm512_set1_epi8(15);
    const __m512i lanes = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
    const int64_t groups = matrix.columns / kFewColumns;
    const auto* halves = reinterpret_cast<const uint16_t*>(matrix.group_scales) + n * groups;
    const auto* first = static_cast<const uint8_t*>(matrix.values) + n * matrix.columns / 2;
    for (int64_t begin = 0; begin < matrix.columns; begin += kGroups * kFewColumns) {
      for (int o = 0; o < kCount; ++o) {
        const int64_t group = begin / kFewColumns;
        widen(halves + o * groups + group, groups - group, scales[o]);
      }
      const int64_t end = std::min(matrix.columns, begin + kGroups * kFewColumns);
      for (int64_t column = begin; column < end; column += kPairedColumns) {
        Ints low[kCount], high[kCount];
        Floats scale[kCount];
        for (int o = 0; o < kCount; ++o) {
          const uint8_t* from = first + (o * matrix.columns + column) / 2;
          fetch(from);
          const __m512i pairs = read(from, (matrix.columns - column) / 2);
          low[o] = (Ints)_mm512_and_si512(pairs, fifteen);
          high[o] = (Ints)_mm512_and_si512(_mm512_srli_epi16(pairs, 4), fifteen);
          const __m128 four = _mm_load_ps(scales[o] + (column - begin) / kFewColumns);
          scale[o] = (Floats)_mm512_permutexvar_ps(lanes, _mm512_castps128_ps512(four));
        }
        for (int r = 0; r < kRows; ++r) {
          const int64_t place = (m + r) * x.columns + column;
          const __m512i with_low = _mm512_loadu_si512(x.values + place);
          const __m512i with_high = _mm512_loadu_si512(x.values + place + kDotColumns);
          const __m512i offset = _mm512_loadu_si512(x.offsets + place / 8);
          const __m512 scale_of_x = _mm512_loadu_ps(x.scales + place / 8);
          for (int o = 0; o < kCount; ++o) {
            const __m512i low_terms = _mm512_dpbusd_epi32(offset, (__m512i)low[o], with_low);
            const __m512i terms = _mm512_dpbusd_epi32(low_terms, (__m512i)high[o], with_high);
            const Floats both = (Floats)scale_of_x * scale[o];
            sums[o][r] = (Floats)_mm512_fmadd_ps(_mm512_cvtepi32_ps(terms), (__m512)both, (__m512)sums[o][r]);
          }
        }
      }
    }
    std::memcpy(out, sums, sizeof(sums));
  }
};

struct BFloat16Kernel {
  using Operand = BFloat16Operand;
  static int64_t row_bytes(int64_t columns) { return 2 * columns; }
  static float scale(const PackedMatrix&, int64_t) { return 1; }

  template <int kRows, int kCount>
  EPALM_DOTS EPALM_ALWAYS static void sum_up(const PackedMatrix& matrix, const Operand& x, int64_t m, int64_t n,
                                             Floats (&out)[kCount][kRows]) {
    Floats sums[kCount][kRows] = {};
    const auto* first = static_cast<const uint16_t*>(matrix.values) + n * matrix.columns;
    for (int64_t column = 0; column < matrix.columns; column += kFewColumns) {
      Ints numbers[kCount];
      for (int o = 0; o < kCount; ++o) {
        const uint16_t* from = first + o * matrix.columns + column;
        fetch(from);
        numbers[o] = (Ints)_mm512_loadu_si512(from);
      }
      for (int r = 0; r < kRows; ++r) {
        const auto values = (__m512bh)_mm512_loadu_si512(x.values + (m + r) * x.columns + column);
        for (int o = 0; o < kCount; ++o) {
          sums[o][r] = (Floats)_mm512_dpbf16_ps((__m512)sums[o][r], (__m512bh)numbers[o], values);
        }
      }
    }
    std::memcpy(out, sums, sizeof(sums));
  }
};

template <typename Kernel, int kRows, int kCount>
EPALM_DOTS EPALM_ALWAYS void multiply_block(const PackedMatrix& matrix, const typename Kernel::Operand& x,
                                            const float* bias, int64_t m, int64_t n, float* out) {
  Floats sums[kCount][kRows];
  Kernel::template sum_up<kRows, kCount>(matrix, x, m, n, sums);
  for (int o = 0; o < kCount; ++o) {
    const float scale = Kernel::scale(matrix, n + o), added = bias != nullptr ? bias[n + o] : 0;
    for (int r = 0; r < kRows; ++r) {
      out[(m + r) * matrix.rows + n + o] = _mm512_reduce_add_ps((__m512)sums[o][r]) * scale + added;
    }
  }
}

template <typename Kernel, int kRows>
EPALM_DOTS void multiply_rows(const PackedMatrix& matrix, const typename Kernel::Operand& x, const float* bias,
                              int64_t m, int64_t begin, int64_t end, float* out) {
  int64_t n = begin;
  for (; n + kOut <= end; n += kOut) multiply_block<Kernel, kRows, kOut>(matrix, x, bias, m, n, out);
  for (; n < end; ++n) multiply_block<Kernel, kRows, 1>(matrix, x, bias, m, n, out);
}

// A part of the matrix at a time meets four rows of x, two or one.
template <typename Kernel>
void multiply_with(const PackedMatrix& matrix, const typename Kernel::Operand& x, const float* bias, int64_t begin,
                   int64_t end, float* out) {
  const int64_t part = std::max<int64_t>(1, kCachedBytes / Kernel::row_bytes(matrix.columns) / kOut) * kOut;
  for (int64_t first = begin; first < end; first += part) {
    const int64_t last = std::min(end, first + part);
    for (int64_t m = 0; m < x.rows;) {
      const int64_t left = x.rows - m, count = left >= 4 ? 4 : left >= 2 ? 2 : 1;
      if (count == 4) multiply_rows<Kernel, 4>(matrix, x, bias, m, first, last, out);
      if (count == 2) multiply_rows<Kernel, 2>(matrix, x, bias, m, first, last, out);
      if (count == 1) multiply_rows<Kernel, 1>(matrix, x, bias, m, first, last, out);
      m += count;
    }
  }
}

// -lacks · the sums of four values in each lane.
EPALM_DOTS EPALM_ALWAYS __m512i offsets_of(__m512i values, int lacks) {
  const __m512i sums = _mm512_dpbusd_epi32(_mm512_setzero_si512(), _mm512_set1_epi8(static_cast<char>(lacks)), values);
  return _mm512_sub_epi32(_mm512_setzero_si512(), sums);
}

}  // namespace

EPALM_DOTS void prepare(const Int8Operand& x) {
  for (int64_t place = 0; place < x.rows * x.columns; place += kDotColumns) {
    const __m512i values = _mm512_loadu_si512(x.values + place);
    _mm512_storeu_si512(x.offsets + place / 4, offsets_of(values, Int8Kernel::kLacks));
  }
}

EPALM_DOTS void prepare(const PairedOperand& x, const float* scales) {
  for (int64_t place = 0; place < x.rows * x.columns; place += kPairedColumns, scales += 2) {
    const __m512i first = _mm512_loadu_si512(x.values + place);
    const __m512i second = _mm512_loadu_si512(x.values + place + kDotColumns);
    const __m512i low = _mm512_shuffle_i64x2(first, second, _MM_SHUFFLE(2, 0, 2, 0));
    const __m512i high = _mm512_shuffle_i64x2(first, second, _MM_SHUFFLE(3, 1, 3, 1));
    _mm512_storeu_si512(x.values + place, low);
    _mm512_storeu_si512(x.values + place + kDotColumns, high);
    const __m512i offsets = _mm512_add_epi32(offsets_of(low, Int4Kernel::kLacks), offsets_of(high, Int4Kernel::kLacks));
    _mm512_storeu_si512(x.offsets + place / 8, offsets);
    _mm512_storeu_ps(x.scales + place / 8,
                     _mm512_mask_blend_ps(0xFF00, _mm512_set1_ps(scales[0]), _mm512_set1_ps(scales[1])));
  }
}

void multiply(const PackedMatrix& matrix, const Int8Operand& x, const float* bias, int64_t begin, int64_t end,
              float* out) {
  multiply_with<Int8Kernel>(matrix, x, bias, begin, end, out);
}
void multiply(const PackedMatrix& matrix, const PairedOperand& x, const float* bias, int64_t begin, int64_t end,
              float* out) {
  multiply_with<Int4Kernel>(matrix, x, bias, begin, end, out);
}
void multiply(const PackedMatrix& matrix, const BFloat16Operand& x, const float* bias, int64_t begin, int64_t end,
              float* out) {
  multiply_with<BFloat16Kernel>(matrix, x, bias, begin, end, out);
}

}  // namespace epalm::nn
