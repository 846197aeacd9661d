#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "epalm/base/error.h"
#include "epalm/nn/cpu_isa.h"
#include "epalm/nn/finished_rows.h"
#include "epalm/nn/tile_kernels.h"
#include "epalm/nn/tile_sums.h"
#include "epalm/nn/tile_target.h"

namespace epalm::nn {
namespace {

constexpr int64_t kStreamPairs = 64;  // of 32 rows, 128 KiB: they wait in the second cache
constexpr int64_t kTileNumbers = kPairNumbers / 2, kTileSums = kBlockSums / 4;

// Eight tiles, with `depth` bytes in a row of the left side. In memory for good: g++ 12 believes that only the first
// bytes are read.
struct alignas(64) TileConfig {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t row_bytes[16] = {};
  uint8_t rows[16] = {};

  explicit constexpr TileConfig(uint16_t depth) {
    for (int tile = 0; tile < 8; ++tile) {
      row_bytes[tile] = tile == 4 || tile == 5 ? depth : kTileRowBytes;
      rows[tile] = tile < 6 ? kTileRows : static_cast<uint8_t>(depth / 4);
    }
  }
};
const TileConfig kWhole(64), kHalf(32);

EPALM_TILES EPALM_ALWAYS __m512i load(const uint16_t* from, __mmask32 there) {
  return _mm512_maskz_loadu_epi16(there, from);
}
EPALM_TILES EPALM_ALWAYS __m512i load(const float* from, __mmask32 there) {
  return rounded(from, there);
}

template <typename Number>
EPALM_TILES EPALM_ALWAYS __m512i read(const TileSource<Number>& s, int64_t row, int64_t column) {
  if (row >= s.rows) return _mm512_setzero_si512();
  return load(s.from + row * s.stride + column, first_halves(s.depth - column));
}

template <typename Number>
EPALM_TILES EPALM_ALWAYS void pack_left_side(const TileSource<Number>& source, uint16_t* to) {
  for (int64_t row = 0; row < kPairRows; ++row) {
    uint16_t* at = to + row * kPairDepth;
    for (int64_t column = 0; column < source.depth; column += kPairDepth, at += kPairNumbers) {
      _mm512_store_si512(at, read(source, row, column));
    }
  }
}

template <typename Number>
EPALM_TILES EPALM_ALWAYS void pack_right_side(const TileSource<Number>& source, uint16_t* to) {
  for (int64_t column = 0; column < source.depth; column += kPairDepth) {
    for (int64_t row = 0; row < kPairRows; row += kTileRows, to += kTileNumbers) {
      __m512i words[16];
      for (int i = 0; i < 16; ++i) words[i] = read(source, row + i, column);
      transpose(words);
      for (int i = 0; i < 16; ++i) _mm512_store_si512(to + i * kPairDepth, words[i]);
    }
  }
}

// The sums of a block are tiles 0 to 3.
EPALM_TILES EPALM_ALWAYS void begin_sums() {
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
}
EPALM_TILES EPALM_ALWAYS void store_sums(float* block) {
  _tile_stored(0, block, kTileRowBytes);
  _tile_stored(1, block + kTileSums, kTileRowBytes);
  _tile_stored(2, block + 2 * kTileSums, kTileRowBytes);
  _tile_stored(3, block + 3 * kTileSums, kTileRowBytes);
}

// AVX-512 and AMX for bfloat16 and for integers. Leaf 7, register EDX: bits 22, 24 and 25; its sub-leaf 1, EAX: bit 5.
bool has_instructions() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  constexpr unsigned kTiles = 1U << 22 | 1U << 24 | 1U << 25, kRounding = 1U << 5;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (d & kTiles) != kTiles) return false;
  return __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0 && (a & kRounding) != 0 && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

// Linux gives a process the memory for tiles when it asks.
bool system_allows() {
  constexpr long kAskFor = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, kAskFor, kTileData) == 0;
}

// Constructors and destructors take no instructions of their own.
EPALM_TILES void configure(const TileConfig& config) {
  _tile_loadconfig(&config);
}
EPALM_TILES void release() {
  _tile_release();
}

EPALM_TILES void multiply_with_tiles(const uint16_t* left, const uint16_t* right, int64_t pairs, bool adds,
                                     Wanted& wanted, float* block) {
  Wanted w = wanted;
  if (adds) {
    _tile_loadd(0, block, kTileRowBytes);
    _tile_loadd(1, block + kTileSums, kTileRowBytes);
    _tile_loadd(2, block + 2 * kTileSums, kTileRowBytes);
    _tile_loadd(3, block + 3 * kTileSums, kTileRowBytes);
  } else {
    begin_sums();
  }
  for (int64_t i = 0; i < pairs; ++i, left += kPairNumbers, right += kPairNumbers) {
    _tile_loadd(4, left, kTileRowBytes);
    _tile_loadd(6, right, kTileRowBytes);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(7, right + kTileNumbers, kTileRowBytes);
    _tile_dpbf16ps(1, 4, 7);
    _tile_loadd(5, left + kTileNumbers, kTileRowBytes);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
    ask_for(w);
  }
  wanted = w;
  store_sums(block);
}

// kBoth: the second tile of the right side's pairs holds something.
template <bool kBoth>
EPALM_TILES void multiply_rows_with_tiles(const TileSource<uint16_t>& rows, const uint16_t* right, float* block) {
  begin_sums();
  const int64_t pairs = rows.depth / kPairDepth;
  const int64_t stretch = std::min(pairs, kStreamPairs);
  for (int64_t begin = 0; begin < pairs; begin += stretch) {
    const int64_t end = std::min(pairs, begin + stretch);
    const uint16_t *left = rows.from + begin * kPairDepth, *lower = left + kTileRows * rows.stride;
    // What comes next row by row: the processor foresees that, and the memory gives it faster than single lines.
    const uint16_t* next = end < pairs ? left + stretch * kPairDepth : rows.from + kPairRows * rows.stride;
    Wanted wanted{.at = reinterpret_cast<const char*>(next),
                  .lines_of_row = stretch,
                  .stride = rows.stride * 2,
                  .lines_of_step = kPairRows};
    for (int64_t i = begin; i < end; ++i, left += kPairDepth, lower += kPairDepth, right += kPairNumbers) {
      ask_for(wanted);
      _tile_loadd(4, left, rows.stride * 2);
      _tile_loadd(6, right, kTileRowBytes);
      _tile_dpbf16ps(0, 4, 6);
      _tile_loadd(5, lower, rows.stride * 2);
      _tile_dpbf16ps(2, 5, 6);
      if (!kBoth) continue;
      _tile_loadd(7, right + kTileNumbers, kTileRowBytes);
      _tile_dpbf16ps(1, 4, 7);
      _tile_dpbf16ps(3, 5, 7);
    }
  }
  store_sums(block);
}

}  // namespace

bool may_use_tiles() {
  static const bool kMay = has_instructions() && system_allows();
  return kMay;
}

bool has_tile_kernels() {
  return cpu_multiplies_tiles() || cpu_adds_up_bfloat16();
}

TilesOfThread::TilesOfThread(int64_t depth) {
  EPALM_ASSERT(depth == 64 || depth == 32);
  if (cpu_multiplies_tiles()) configure(depth == 64 ? kWhole : kHalf);
}

TilesOfThread::~TilesOfThread() {
  if (cpu_multiplies_tiles()) release();
}

EPALM_TILES void pack_left(const TileSource<uint16_t>& source, uint16_t* to) {
  pack_left_side(source, to);
}
EPALM_TILES void pack_left(const TileSource<float>& source, uint16_t* to) {
  pack_left_side(source, to);
}
EPALM_TILES void pack_right(const TileSource<uint16_t>& source, uint16_t* to) {
  pack_right_side(source, to);
}
EPALM_TILES void pack_right(const TileSource<float>& source, uint16_t* to) {
  pack_right_side(source, to);
}

// Of two rows the numbers of each column side by side: columns 0-3, 8-11, 16-19 and 24-27 in the first tile.
EPALM_TILES void pack_right_rows(const TileSource<uint16_t>& source, int64_t step, uint16_t* to) {
  for (int64_t row = 0; row < source.depth; row += 2) {
    const bool odd = row + 1 < source.depth;
    const uint16_t* from = source.from + row * source.stride;
    uint16_t* at = to + row / kPairDepth * kPairNumbers + row % kPairDepth / 2 * kPairDepth;
    for (int64_t column = 0; column < source.rows; column += kPairRows, at += step) {
      const __mmask32 columns = first_halves(source.rows - column);
      const __m512i even_row = _mm512_maskz_loadu_epi16(columns, from + column);
      const __m512i odd_row = _mm512_maskz_loadu_epi16(odd ? columns : 0, from + source.stride + column);
      _mm512_store_si512(at, _mm512_unpacklo_epi16(even_row, odd_row));
      _mm512_store_si512(at + kTileNumbers, _mm512_unpackhi_epi16(even_row, odd_row));
    }
  }
  // rows up to whole pairs
  for (int64_t row = (source.depth + 1) / 2 * 2; row % kPairDepth != 0; row += 2) {
    uint16_t* at = to + row / kPairDepth * kPairNumbers + row % kPairDepth / 2 * kPairDepth;
    for (int64_t column = 0; column < source.rows; column += kPairRows, at += step) {
      _mm512_store_si512(at, _mm512_setzero_si512());
      _mm512_store_si512(at + kTileNumbers, _mm512_setzero_si512());
    }
  }
}

void multiply_pairs(const uint16_t* left, const uint16_t* right, int64_t pairs, bool adds, Wanted& wanted,
                    float* block) {
  if (cpu_multiplies_tiles()) return multiply_with_tiles(left, right, pairs, adds, wanted, block);
  add_up_pairs(left, kPairDepth, kPairNumbers, right, pairs, adds, wanted, block);
}

void multiply_rows(const TileSource<uint16_t>& rows, const uint16_t* right, int64_t right_rows, float* block) {
  Wanted nothing;
  if (!cpu_multiplies_tiles()) {
    const int64_t pairs = rows.depth / kPairDepth;
    return add_up_pairs(rows.from, rows.stride, kPairDepth, right, pairs, false, nothing, block);
  }
  (right_rows > kTileRows ? multiply_rows_with_tiles<true> : multiply_rows_with_tiles<false>)(rows, right, block);
}

EPALM_TILES void write_block_of_rows(const float* block, const ProductTarget& target) {
  for (int64_t row = 0; row < target.rows; ++row) {
    const float* from = block + (row / kTileRows) * 2 * kTileSums + (row % kTileRows) * kTileRows;
    write_row(target, row, 0, _mm512_loadu_ps(from), _mm512_loadu_ps(from + kTileSums));
  }
}

EPALM_TILES void write_block(const float* block, const ProductTarget& target) {
  const __m512i low_half = _mm512_setr_epi32(0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
  const __m512i high_half = _mm512_add_epi32(low_half, _mm512_set1_epi32(8));
  for (int64_t row = 0; row < target.rows; ++row) {
    const float* from = block + (row / kTileRows) * 2 * kTileSums + (row % kTileRows) * kTileRows;
    const __m512 first_tile = _mm512_loadu_ps(from), second_tile = _mm512_loadu_ps(from + kTileSums);
    write_row(target, row, 0, _mm512_permutex2var_ps(first_tile, low_half, second_tile),
              _mm512_permutex2var_ps(first_tile, high_half, second_tile));
  }
}

EPALM_TILES void write_block_transposed(const float* block, const ProductTarget& target) {
  for (int64_t tile = 0; tile < 2 && tile * kTileRows < target.rows; ++tile) {
    __m512i low[16], high[16];
    for (int i = 0; i < 16; ++i) {
      low[i] = _mm512_loadu_si512(block + tile * kTileSums + i * kTileRows);
      high[i] = _mm512_loadu_si512(block + (2 + tile) * kTileSums + i * kTileRows);
    }
    transpose(low);
    transpose(high);
    for (int i = 0; i < 16 && tile * kTileRows + i < target.rows; ++i) {
      write_row(target, tile * kTileRows + i, 0, _mm512_castsi512_ps(low[i]), _mm512_castsi512_ps(high[i]));
    }
  }
}

}  // namespace epalm::nn
