#include "epalm/nn/int8_rows.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "epalm/base/shapes.h"
#include "epalm/nn/vectors.h"

namespace epalm::nn {
namespace {

// Added to a number below 2^22 it leaves the nearest integer, ties to even, in the lowest bits.
constexpr float kRound = 0x1.8p23F;

// Loops over integers, which the compiler turns into vectors: it may not reorder a maximum of floats. Bits of floats
// without their sign order as the numbers do, infinity and NaN last.
EPALM_CPU_CLONES float largest_of(const float* x, int64_t count) {
  uint32_t most = 0;
  for (int64_t i = 0; i < count; ++i) most = std::max(most, std::bit_cast<uint32_t>(x[i]) & 0x7FFFFFFFU);
  return std::bit_cast<float>(most);
}

EPALM_CPU_CLONES void round_row(const float* x, int64_t count, float inverse, int8_t* out) {
  for (int64_t i = 0; i < count; ++i) out[i] = static_cast<int8_t>(std::bit_cast<uint32_t>(x[i] * inverse + kRound));
}

// Puts the bits of a float32 in the place of each integer.
EPALM_CPU_CLONES void scale_row(int32_t* sums, int64_t count, float scale, const float* scales, const float* bias) {
  for (int64_t i = 0; i < count; ++i) {
    sums[i] = std::bit_cast<int32_t>(static_cast<float>(sums[i]) * (scale * scales[i]) + bias[i]);
  }
}

int64_t rows_of_a_task(int64_t columns) {
  return std::max<int64_t>(1, kNumbersOfATask / std::max<int64_t>(1, columns));
}

}  // namespace

void int8_rows(const float* x, int64_t rows, int64_t columns, int8_t* values, float* scales) {
  at::parallel_for(0, rows, rows_of_a_task(columns), [&](int64_t begin, int64_t end) {
    for (int64_t m = begin; m < end; ++m) {
      const float largest = largest_of(x + m * columns, columns);
      const bool zeros = largest <= kLeastInt8Number;
      scales[m] = zeros ? 0 : largest / kMostInt8;
      round_row(x + m * columns, columns, zeros ? 0 : kMostInt8 / largest, values + m * columns);
    }
  });
}

Int8Rows int8_rows(const at::Tensor& x) {
  check_shape(x, {kAny, kAny}, "rows to keep in 8 bits");
  const at::Tensor numbers = x.to(at::kFloat).contiguous();
  Int8Rows rows{at::empty(x.sizes(), at::kChar), at::empty({x.size(0)})};
  int8_rows(numbers.data_ptr<float>(), x.size(0), x.size(1), rows.values.data_ptr<int8_t>(),
            rows.scales.data_ptr<float>());
  return rows;
}

at::Tensor scaled(const at::Tensor& sums, const at::Tensor& row_scales, const at::Tensor& column_scales,
                  const at::Tensor& bias) {
  const int64_t rows = sums.size(0), columns = sums.size(1);
  check_shape(row_scales, {rows}, "scales of rows");
  check_shape(column_scales, {columns}, "scales of columns");
  const at::Tensor added = bias.defined() ? bias.to(at::kFloat).contiguous() : at::zeros({columns});
  check_shape(added, {columns}, "bias");
  EPALM_ASSERT(sums.is_contiguous());
  auto* numbers = sums.data_ptr<int32_t>();
  at::parallel_for(0, rows, rows_of_a_task(columns), [&](int64_t begin, int64_t end) {
    for (int64_t m = begin; m < end; ++m) {
      scale_row(numbers + m * columns, columns, row_scales.data_ptr<float>()[m], column_scales.data_ptr<float>(),
                added.data_ptr<float>());
    }
  });
  return sums.view(at::kFloat);
}

}  // namespace epalm::nn
