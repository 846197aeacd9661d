#pragma once

#include <cstdint>

#include "epalm/bench/row.h"

namespace epalm::bench {

// 10^9 bytes a second that all threads together read of an array much larger than any cache; the best of some passes.
double memory_gb_per_s();

// 10^9 operations a second, a multiplication and an addition being two, of products [rows,in] x [in,out] in this
// precision (float32, bfloat16 or int8); the median of some.
double product_gflops(int64_t rows, int64_t in, int64_t out, nn::Precision precision);

// What this machine does at best.
struct Peaks {
  double gflops = 0;  // of large products in one precision, nothing else being done
  double gb_per_s = 0;
};

// Both by the functions above. Takes some seconds and a gigabyte.
Peaks measure_peaks(nn::Precision precision);

// Work can be no faster than the slower of its products at their peak and its bytes at theirs: the roofline of
// Williams, Waterman and Patterson (doi:10.1145/1498765.1498785).
struct Roofline {
  enum class Bound { kProducts, kMemory };
  Bound bound = Bound::kProducts;  // which of the two is the slower
  double percent = 0;              // of the time that the work took, the least that it can take
  double peak = 0;                 // GFLOP/s or GB/s
};

Roofline roofline_of(const Work& work, const Peaks& peaks);

}  // namespace epalm::bench
