#pragma once

#include <cstdint>

namespace epalm::nn {

// Softmax between two products of tiles, for up to kPairRows rows (tile_kernels.h). blocks
// [pairs_of(keys)][kBlockSums]: their scores, each block those of kPairRows keys. pairs [pairs_of(keys)][kPairNumbers]:
// e^(scale (score - highest of the row)), rounded to bfloat16 and 0 behind the last key, as the left side of the second
// product. shares [kPairRows]: one over the sum of a row before rounding, which the rows of that product are to be
// multiplied with. scale > 0. Needs has_tile_kernels().
void softmax_blocks(const float* blocks, int64_t keys, float scale, uint16_t* pairs, float* shares);

}  // namespace epalm::nn
