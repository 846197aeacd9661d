#include <immintrin.h>

#include <algorithm>

#include "epalm/base/error.h"
#include "epalm/nn/dot_kernels.h"

// What functions with these instructions are compiled for, whatever the rest of the program is.
#define EPALM_VNNI __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")))
#define EPALM_BF16 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512bf16")))
#define EPALM_ALWAYS __attribute__((always_inline)) inline

namespace epalm::nn {
namespace {

constexpr int64_t kCachedBytes = 128 << 10;  // of the matrix, which stay in the second cache while all of x meets them
// Bytes to fetch ahead of those in use: rows are too short for the processor to foresee the next ones. They may lie
// behind the matrix, for no address is refused.
constexpr int64_t kAhead = 16 << 10;
constexpr int kOut = 4;  // rows of the matrix at a time: sums that do not wait for one another

// Four numbers times four make a lane of sums of products. Unsigned times signed is what the instruction takes.
struct Int8 {
  static constexpr int kLacks = 128;
  static int64_t row_bytes(int64_t columns) { return columns; }

  const uint8_t* row;
  float scale;
  EPALM_VNNI EPALM_ALWAYS Int8(const PackedMatrix& m, int64_t n)
      : row(static_cast<const uint8_t*>(m.values) + n * m.columns), scale(m.scales[n]) {}
  EPALM_VNNI EPALM_ALWAYS const void* at(int64_t column) const { return row + column; }
  // kDotColumns numbers; half as many where `half`, and zeros.
  EPALM_VNNI EPALM_ALWAYS __m512i read(int64_t column, bool half) const {
    const __m512i bytes =
        half ? _mm512_zextsi256_si512(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(row + column)))
             : _mm512_loadu_si512(row + column);
    return _mm512_xor_si512(bytes, _mm512_set1_epi8(static_cast<char>(kLacks)));
  }
  EPALM_VNNI EPALM_ALWAYS __m512 scaled(__m512 scale_of_x, int64_t, bool) const { return scale_of_x; }
  EPALM_VNNI EPALM_ALWAYS float finish(float sum) const { return sum * scale; }
};

// Of two groups the low halves of the bytes, then the high ones: quarters 0, 2, 1 and 3 of the columns.
struct Int4 {
  static constexpr int kLacks = 8;
  static int64_t row_bytes(int64_t columns) { return columns / 2; }

  const uint8_t* row;
  const float* scales;
  EPALM_VNNI EPALM_ALWAYS Int4(const PackedMatrix& m, int64_t n)
      : row(static_cast<const uint8_t*>(m.values) + n * m.columns / 2),
        scales(m.scales + n * m.columns / kFewColumns) {}
  EPALM_VNNI EPALM_ALWAYS const void* at(int64_t column) const { return row + column / 2; }
  EPALM_VNNI EPALM_ALWAYS __m512i read(int64_t column, bool half) const {
    const auto* from = reinterpret_cast<const __m128i*>(row + column / 2);
    const __m256i bytes = half ? _mm256_zextsi128_si256(_mm_loadu_si128(from))
                               : _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    const __m512i pairs = _mm512_inserti64x4(_mm512_castsi256_si512(bytes), _mm256_srli_epi16(bytes, 4), 1);
    return _mm512_and_si512(pairs, _mm512_set1_epi8(15));
  }
  EPALM_VNNI EPALM_ALWAYS __m512 scaled(__m512 scale_of_x, int64_t column, bool half) const {
    const float* group = scales + column / kFewColumns;
    const __m512 first = _mm512_set1_ps(group[0]), second = half ? first : _mm512_set1_ps(group[1]);
    return _mm512_mul_ps(scale_of_x, _mm512_mask_blend_ps(0xF0F0, first, second));
  }
  EPALM_VNNI EPALM_ALWAYS float finish(float sum) const { return sum; }
};

template <typename Format, int kRows, int kCount>
EPALM_VNNI EPALM_ALWAYS void add_step(const PackedMatrix& matrix, const Int8Operand& x, int64_t m, int64_t n,
                                      int64_t column, bool half, __m512 (&sums)[kCount][kRows]) {
  __m512i numbers[kCount];
  for (int o = 0; o < kCount; ++o) {
    _mm_prefetch(static_cast<const char*>(Format(matrix, n + o).at(column)) + kAhead, _MM_HINT_T0);
    numbers[o] = Format(matrix, n + o).read(column, half);
  }
  for (int r = 0; r < kRows; ++r) {
    const int64_t place = (m + r) * x.columns + column;
    const __m512i values = _mm512_loadu_si512(x.values + place), offset = _mm512_loadu_si512(x.offsets + place / 4);
    const __m512 scale = _mm512_set1_ps(x.scales[place / kDotColumns]);
    for (int o = 0; o < kCount; ++o) {
      const __m512 products = _mm512_cvtepi32_ps(_mm512_dpbusd_epi32(offset, numbers[o], values));
      sums[o][r] = _mm512_fmadd_ps(products, Format(matrix, n + o).scaled(scale, column, half), sums[o][r]);
    }
  }
}

template <typename Format, int kRows, int kCount>
EPALM_VNNI EPALM_ALWAYS void multiply_block(const PackedMatrix& matrix, const Int8Operand& x, const float* bias,
                                            int64_t m, int64_t n, float* out) {
  __m512 sums[kCount][kRows];
  for (auto& row : sums) std::fill(std::begin(row), std::end(row), _mm512_setzero_ps());
  const int64_t whole = matrix.columns / kDotColumns * kDotColumns;
  for (int64_t column = 0; column < whole; column += kDotColumns) {
    add_step<Format, kRows, kCount>(matrix, x, m, n, column, false, sums);
  }
  if (whole < matrix.columns) add_step<Format, kRows, kCount>(matrix, x, m, n, whole, true, sums);
  for (int o = 0; o < kCount; ++o) {
    for (int r = 0; r < kRows; ++r) {
      out[(m + r) * matrix.rows + n + o] =
          Format(matrix, n + o).finish(_mm512_reduce_add_ps(sums[o][r])) + (bias != nullptr ? bias[n + o] : 0);
    }
  }
}

template <typename Format, int kRows>
EPALM_VNNI void multiply_rows(const PackedMatrix& matrix, const Int8Operand& x, const float* bias, int64_t m,
                              int64_t begin, int64_t end, float* out) {
  int64_t n = begin;
  for (; n + kOut <= end; n += kOut) multiply_block<Format, kRows, kOut>(matrix, x, bias, m, n, out);
  for (; n < end; ++n) multiply_block<Format, kRows, 1>(matrix, x, bias, m, n, out);
}

template <int kRows, int kCount>
EPALM_BF16 EPALM_ALWAYS void multiply_block(const PackedMatrix& matrix, const BFloat16Operand& x, const float* bias,
                                            int64_t m, int64_t n, float* out) {
  const auto* first = static_cast<const uint16_t*>(matrix.values);
  const auto load = [](const uint16_t* from) EPALM_BF16 { return (__m512bh)_mm512_loadu_si512(from); };
  __m512 sums[kCount][kRows];
  for (auto& row : sums) std::fill(std::begin(row), std::end(row), _mm512_setzero_ps());
  for (int64_t column = 0; column < matrix.columns; column += 32) {
    __m512bh numbers[kCount];
    for (int o = 0; o < kCount; ++o) {
      _mm_prefetch(reinterpret_cast<const char*>(first + (n + o) * matrix.columns + column) + kAhead, _MM_HINT_T0);
      numbers[o] = load(first + (n + o) * matrix.columns + column);
    }
    for (int r = 0; r < kRows; ++r) {
      const __m512bh values = load(x.values + (m + r) * x.columns + column);
      for (int o = 0; o < kCount; ++o) sums[o][r] = _mm512_dpbf16_ps(sums[o][r], numbers[o], values);
    }
  }
  for (int o = 0; o < kCount; ++o) {
    for (int r = 0; r < kRows; ++r) {
      out[(m + r) * matrix.rows + n + o] = _mm512_reduce_add_ps(sums[o][r]) + (bias != nullptr ? bias[n + o] : 0);
    }
  }
}

template <int kRows>
EPALM_BF16 void multiply_rows(const PackedMatrix& matrix, const BFloat16Operand& x, const float* bias, int64_t m,
                              int64_t begin, int64_t end, float* out) {
  int64_t n = begin;
  for (; n + kOut <= end; n += kOut) multiply_block<kRows, kOut>(matrix, x, bias, m, n, out);
  for (; n < end; ++n) multiply_block<kRows, 1>(matrix, x, bias, m, n, out);
}

// Calls use(count, m, first, last) for rows m … m + count - 1 of x, four, two or one, and rows first … last - 1 of the
// matrix.
template <typename Use>
void for_each_tile(int64_t rows, int64_t row_bytes, int64_t begin, int64_t end, Use use) {
  const int64_t tile = std::max<int64_t>(1, kCachedBytes / row_bytes / kOut) * kOut;
  for (int64_t first = begin; first < end; first += tile) {
    const int64_t last = std::min(end, first + tile);
    for (int64_t m = 0; m < rows;) {
      const int64_t left = rows - m, count = left >= 4 ? 4 : left >= 2 ? 2 : 1;
      use(count, m, first, last);
      m += count;
    }
  }
}

template <typename Format>
void multiply_integers(const PackedMatrix& matrix, const Int8Operand& x, const float* bias, int64_t begin, int64_t end,
                       float* out) {
  for_each_tile(x.rows, Format::row_bytes(matrix.columns), begin, end,
                [&](int64_t count, int64_t m, int64_t first, int64_t last) {
                  if (count == 4) return multiply_rows<Format, 4>(matrix, x, bias, m, first, last, out);
                  if (count == 2) return multiply_rows<Format, 2>(matrix, x, bias, m, first, last, out);
                  multiply_rows<Format, 1>(matrix, x, bias, m, first, last, out);
                });
}

template <int kLacks, bool kQuarters>
EPALM_VNNI void prepare(const Int8Operand& x) {
  for (int64_t place = 0; place < x.rows * x.columns; place += kDotColumns) {
    __m512i values = _mm512_loadu_si512(x.values + place);
    if (kQuarters) {
      values = _mm512_shuffle_i64x2(values, values, _MM_SHUFFLE(3, 1, 2, 0));
      _mm512_storeu_si512(x.values + place, values);
    }
    const __m512i sums =
        _mm512_dpbusd_epi32(_mm512_setzero_si512(), _mm512_set1_epi8(static_cast<char>(kLacks)), values);
    _mm512_storeu_si512(x.offsets + place / 4, _mm512_sub_epi32(_mm512_setzero_si512(), sums));
  }
}

}  // namespace

void prepare(const Int8Operand& x, PackedMatrix::Format format) {
  if (format == PackedMatrix::Format::kInt8) return prepare<Int8::kLacks, false>(x);
  EPALM_ASSERT(format == PackedMatrix::Format::kInt4);
  prepare<Int4::kLacks, true>(x);
}

void multiply(const PackedMatrix& matrix, const Int8Operand& x, const float* bias, int64_t begin, int64_t end,
              float* out) {
  if (matrix.format == PackedMatrix::Format::kInt8) {
    return multiply_integers<Int8>(matrix, x, bias, begin, end, out);
  }
  multiply_integers<Int4>(matrix, x, bias, begin, end, out);
}

void multiply(const PackedMatrix& matrix, const BFloat16Operand& x, const float* bias, int64_t begin, int64_t end,
              float* out) {
  for_each_tile(x.rows, 2 * matrix.columns, begin, end, [&](int64_t count, int64_t m, int64_t first, int64_t last) {
    if (count == 4) return multiply_rows<4>(matrix, x, bias, m, first, last, out);
    if (count == 2) return multiply_rows<2>(matrix, x, bias, m, first, last, out);
    multiply_rows<1>(matrix, x, bias, m, first, last, out);
  });
}

}  // namespace epalm::nn
