#pragma once

#include <cstdint>

#include "epalm/nn/weights.h"

namespace epalm::bench {

// 10^9 bytes a second that all threads together read of an array much larger than any cache; the best of some passes.
double memory_gb_per_s();

// 10^9 operations a second, a multiplication and an addition being two, of products [rows,in] x [in,out] in this
// precision (float32 or bfloat16); the median of some.
double product_gflops(int64_t rows, int64_t in, int64_t out, nn::Precision precision);

}  // namespace epalm::bench
