#pragma once

#include <cstdint>

#include "epalm/nn/wanted.h"

namespace epalm::nn {

// multiply_pairs() of tile_kernels.h with AVX-512 BF16, for processors without AMX. The left side's rows lie
// left_stride numbers apart and its pairs left_step.
void add_up_pairs(const uint16_t* left, int64_t left_stride, int64_t left_step, const uint16_t* right, int64_t pairs,
                  bool adds, Wanted& wanted, float* block);

}  // namespace epalm::nn
