#include "epalm/nn/dot_tiles.h"

#include <algorithm>
#include <vector>

#include "epalm/nn/dot_kernels.h"
#include "epalm/nn/tile_kernels.h"
#include "epalm/nn/tile_target.h"

namespace epalm::nn {
namespace {

static_assert(kDotTileRows == kTileRows);

constexpr int64_t kTileNumbers = kTileRows * kTileRowBytes;
// Bytes to fetch ahead of those in use. They may lie behind the matrix, for no address is refused.
constexpr int64_t kAhead = 64 << 10;
constexpr int kInFlight = 4;  // tiles of sums on their way from the tile registers to the others

// How 16 rows of a matrix become left tiles of kDepth columns.
class Int8Left {
 public:
  static constexpr int64_t kDepth = kDotColumns;
  static int64_t row_bytes(int64_t columns) { return columns; }

  explicit Int8Left(const PackedMatrix& matrix) : columns_(matrix.columns), whole_(columns_ / kDepth * kDepth) {}

  // Reads rows from n on, of which `rows` are there; `ahead` is fetched while the first block of x meets them.
  EPALM_TILES EPALM_ALWAYS void begin(const PackedMatrix& matrix, int64_t n, int64_t rows, const char* ahead) {
    first_ = static_cast<const int8_t*>(matrix.values) + n * columns_;
    ahead_ = ahead;
    rows_ = rows;
  }
  EPALM_TILES EPALM_ALWAYS void load(int64_t column, bool first_block) {
    if (first_block) {
      for (int64_t line = 0; line < kTileRows; ++line, ahead_ += 64) __builtin_prefetch(ahead_, 0, 2);
    }
    if (rows_ == kTileRows && column < whole_) {
      _tile_loadd(4, first_ + column, columns_);
      return;
    }
    const __mmask64 there = column < whole_ ? ~0ULL : (1ULL << (columns_ - column)) - 1;
    for (int64_t i = 0; i < kTileRows; ++i) {
      const __m512i row = _mm512_maskz_loadu_epi8(i < rows_ ? there : 0, first_ + i * columns_ + column);
      _mm512_store_si512(copy_ + i * kDepth, row);
    }
    _tile_loadd(4, copy_, kDepth);
  }
  EPALM_TILES EPALM_ALWAYS __m512 scaled(__m512 scale_of_x, int, int64_t) const { return scale_of_x; }

 private:
  int64_t columns_, whole_, rows_ = 0;
  const int8_t* first_ = nullptr;
  const char* ahead_ = nullptr;
  alignas(64) int8_t copy_[kTileNumbers];
};

// Pairs and scales are taken apart once for all blocks of x.
class Int4Left {
 public:
  static constexpr int64_t kDepth = kFewColumns;
  static int64_t row_bytes(int64_t columns) { return columns / 2; }

  explicit Int4Left(const PackedMatrix& matrix)
      : columns_(matrix.columns),
        groups_(columns_ / kDepth),
        numbers_(static_cast<size_t>(columns_ * kTileRows)),
        scales_(static_cast<size_t>(groups_ * kTileRows)) {}

  EPALM_TILES EPALM_ALWAYS void begin(const PackedMatrix& matrix, int64_t n, int64_t rows, const char* ahead) {
    const __m256i fifteen = _mm256_set1_epi8(15), eight = _mm256_set1_epi8(8);
    for (int64_t i = 0; i < rows; ++i) {
      const auto* from = static_cast<const uint8_t*>(matrix.values) + (n + i) * columns_ / 2;
      int8_t* to = numbers_.data() + i * kDepth;
      for (int64_t g = 0; g < groups_; ++g, from += kDepth / 2, to += kTileRows * kDepth) {
        if (g % 4 == 0) __builtin_prefetch(ahead + (i * groups_ + g) * (kDepth / 2), 0, 2);
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
        const __m256i pairs = _mm256_inserti128_si256(_mm256_castsi128_si256(bytes), _mm_srli_epi16(bytes, 4), 1);
        const __m256i row = _mm256_sub_epi8(_mm256_and_si256(pairs, fifteen), eight);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), row);
      }
      const auto* halves = reinterpret_cast<const uint16_t*>(matrix.group_scales) + (n + i) * groups_;
      for (int64_t g = 0; g < groups_; g += kTileRows) {
        const auto there = static_cast<__mmask16>((1U << std::min(kTileRows, groups_ - g)) - 1);
        const __m512 widened = _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(there, halves + g));
        _mm512_mask_storeu_ps(scales_.data() + i * groups_ + g, there, widened);
      }
    }
  }
  EPALM_TILES EPALM_ALWAYS void load(int64_t column, bool) {
    _tile_loadd(4, numbers_.data() + column * kTileRows, kDepth);
  }
  EPALM_TILES EPALM_ALWAYS __m512 scaled(__m512 scale_of_x, int row, int64_t column) const {
    return _mm512_mul_ps(scale_of_x, _mm512_set1_ps(scales_[static_cast<size_t>(row * groups_ + column / kDepth)]));
  }

 private:
  int64_t columns_, groups_;
  std::vector<int8_t> numbers_;  // [groups,16,kDepth]
  std::vector<float> scales_;    // [16,groups]
};

// The sums of 16 rows of the matrix and a block of x; the rows of the result are those of the matrix.
template <typename Left>
EPALM_TILES EPALM_ALWAYS void sum_up(Left& left, int64_t columns, const Int8Tiles& x, int64_t block,
                                     __m512 (&sums)[16]) {
  alignas(64) int32_t tiles[kInFlight][kTileRows * kTileRows];
  const int8_t* values = x.values + block * x.columns * kTileRows;
  const float* scales = x.scales + block * (x.columns / kDotColumns) * kTileRows;
  for (auto& sum : sums) sum = _mm512_setzero_ps();
  int place = 0;
  for (int64_t column = 0; column < columns; column += Left::kDepth) {
    left.load(column, block == 0);
    _tile_loadd(6, values + column * kTileRows, kTileRowBytes);
    _tile_zero(0);
    _tile_dpbssd(0, 4, 6);
    _tile_stored(0, tiles[place], kTileRowBytes);
    const __m512 scale = _mm512_loadu_ps(scales + column / kDotColumns * kTileRows);
    for (int i = 0; i < 16; ++i) {
      const __m512 products = _mm512_cvtepi32_ps(_mm512_load_si512(tiles[place] + i * kTileRows));
      sums[i] = _mm512_fmadd_ps(products, left.scaled(scale, i, column), sums[i]);
    }
    place = (place + 1) % kInFlight;
  }
}

template <typename Left>
EPALM_TILES void multiply_left(const PackedMatrix& matrix, const Int8Tiles& x, const float* bias, int64_t begin,
                               int64_t end, float* out) {
  const bool scaled = matrix.format == PackedMatrix::Format::kInt8;
  const int64_t bytes = kTileRows * Left::row_bytes(matrix.columns);
  const char* ahead = static_cast<const char*>(matrix.values) + begin / kTileRows * bytes + std::max(bytes, kAhead);
  Left left(matrix);
  for (int64_t n = begin; n < end; n += kTileRows, ahead += bytes) {
    const auto rows = static_cast<__mmask16>((1U << std::min(kTileRows, end - n)) - 1);
    left.begin(matrix, n, std::min(kTileRows, end - n), ahead);
    const __m512 scale = scaled ? _mm512_maskz_loadu_ps(rows, matrix.scales + n) : _mm512_set1_ps(1);
    const __m512 added = bias != nullptr ? _mm512_maskz_loadu_ps(rows, bias + n) : _mm512_setzero_ps();
    for (int64_t m = 0; m < x.rows; m += kTileRows) {
      __m512 sums[16];
      sum_up(left, matrix.columns, x, m / kTileRows, sums);
      __m512i words[16];
      for (int i = 0; i < 16; ++i) words[i] = _mm512_castps_si512(sums[i]);
      transpose(words);
      for (int i = 0; i < 16 && m + i < x.rows; ++i) {
        const __m512 row = _mm512_fmadd_ps(_mm512_castsi512_ps(words[i]), scale, added);
        _mm512_mask_storeu_ps(out + (m + i) * matrix.rows + n, rows, row);
      }
    }
  }
}

}  // namespace

EPALM_TILES void pack_block(const int8_t* values, const float* scales, int64_t rows, int64_t columns, int8_t* to,
                            float* to_scales) {
  for (int64_t column = 0; column < columns; column += kDotColumns, to += kTileNumbers) {
    __m512i words[16];
    for (int i = 0; i < 16; ++i) {
      words[i] = i < rows ? _mm512_loadu_si512(values + i * columns + column) : _mm512_setzero_si512();
    }
    transpose(words);
    for (int i = 0; i < 16; ++i) _mm512_storeu_si512(to + i * kTileRowBytes, words[i]);
  }
  const int64_t groups = columns / kDotColumns;
  for (int64_t g = 0; g < groups; ++g) {
    for (int64_t i = 0; i < kTileRows; ++i) to_scales[g * kTileRows + i] = i < rows ? scales[i * groups + g] : 0;
  }
}

void multiply(const PackedMatrix& matrix, const Int8Tiles& x, const float* bias, int64_t begin, int64_t end,
              float* out) {
  if (matrix.format == PackedMatrix::Format::kInt8) {
    const TilesOfThread tiles(Int8Left::kDepth);
    return multiply_left<Int8Left>(matrix, x, bias, begin, end, out);
  }
  const TilesOfThread tiles(Int4Left::kDepth);
  multiply_left<Int4Left>(matrix, x, bias, begin, end, out);
}

}  // namespace epalm::nn
