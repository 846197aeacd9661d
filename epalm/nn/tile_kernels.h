#pragma once

#include <cstdint>

#include "epalm/nn/product_target.h"
#include "epalm/nn/wanted.h"

// Products of bfloat16 numbers in the order of AMX, which multiplies tiles: 16 rows of 32 numbers by 32 rows of 16.
// AVX-512 BF16 multiplies the same where there is no AMX. A pair of tiles lies in kPairNumbers numbers without gaps; a
// product of two pairs is a block of 32 x 32 sums.
namespace epalm::nn {

inline constexpr int64_t kPairRows = 32;  // of either side
inline constexpr int64_t kPairDepth = 32;
inline constexpr int64_t kPairNumbers = kPairRows * kPairDepth;
inline constexpr int64_t kBlockSums = kPairRows * kPairRows;

// How many pairs hold so many rows, or so much depth.
inline constexpr int64_t pairs_of(int64_t count) {
  static_assert(kPairRows == kPairDepth);
  return (count + kPairRows - 1) / kPairRows;
}

// Whether this CPU has such instructions and the system lets this process use them.
bool may_use_tiles();

// Whether the CPU can compute what follows: it multiplies tiles or adds up bfloat16 numbers (cpu_isa.h).
bool has_tile_kernels();

// Makes this thread ready for tiles, where the CPU has them, while it lives. Everything below but the packing needs
// one.
class TilesOfThread {
 public:
  // depth: bytes of a row of the left side's tiles (4 and 5), 64 or 32. Those of the right side (6 and 7) have a
  // quarter as many rows.
  explicit TilesOfThread(int64_t depth = 64);
  ~TilesOfThread();
  TilesOfThread(const TilesOfThread&) = delete;
  TilesOfThread& operator=(const TilesOfThread&) = delete;
};

// Numbers in memory that become pairs, up to kPairRows rows, `depth` columns; what lacks to a whole pair is zero.
template <typename Number>
struct TileSource {
  const Number* from;  // bfloat16, or float32 that is rounded to it
  int64_t stride;      // numbers from one row to the next
  int64_t rows, depth;
};

// ceil(depth / kPairDepth) pairs one behind the other: of the left side; and of the right side, whose columns the rows
// are.
void pack_left(const TileSource<uint16_t>& source, uint16_t* to);
void pack_left(const TileSource<float>& source, uint16_t* to);
void pack_right(const TileSource<uint16_t>& source, uint16_t* to);
void pack_right(const TileSource<float>& source, uint16_t* to);
// Of the right side as it is: depth rows of `rows` columns, stride from one row to the next. step: numbers between the
// first pairs of neighbours.
void pack_right_rows(const TileSource<uint16_t>& source, int64_t step, uint16_t* to);

// The sums of so many pairs of both sides, added to those of the block where `adds`.
void multiply_pairs(const uint16_t* left, const uint16_t* right, int64_t pairs, bool adds, Wanted& wanted,
                    float* block);

// The sums of a left side that is read as it lies, of kPairRows rows of whole pairs, and a right side of so many rows:
// where those are so few that packing the left side would take longer.
void multiply_rows(const TileSource<uint16_t>& left, const uint16_t* right, int64_t right_rows, float* block);

// A block on its way out, up to kPairRows rows and columns, whose right side was packed by pack_right().
void write_block_of_rows(const float* block, const ProductTarget& target);
// One whose right side was packed by pack_right_rows().
void write_block(const float* block, const ProductTarget& target);
// One whose left side's rows are the target's columns, its right side packed by pack_right().
void write_block_transposed(const float* block, const ProductTarget& target);

}  // namespace epalm::nn
