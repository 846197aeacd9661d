#pragma once

#include <ATen/ATen.h>

namespace epalm::nn {

// The largest integer, and the largest number of a row that is taken for zeros: a 127th of less is no float32 of full
// precision.
inline constexpr float kMostInt8 = 127, kLeastInt8Number = 0x1p-119F;

// Rows of numbers in 8 bits: integers -127 … 127 times a scale of each row.
struct Int8Rows {
  at::Tensor values;  // int8 [M,K]
  at::Tensor scales;  // float32 [M]; not finite where a number of the row is not
};

// x: float32 [M,K]. Rounds to the nearest multiple of the scale with which the largest number of a row is 127: no
// number moves by more than half a scale, but for float32's own rounding. Rows without a number above 2^-119 are taken
// for zeros, of scale 0.
Int8Rows int8_rows(const at::Tensor& x);
// The same from and to memory: x and values [rows,columns], scales [rows].
void int8_rows(const float* x, int64_t rows, int64_t columns, int8_t* values, float* scales);

// sums · row_scales[row] · column_scales[column] + bias: sums int32 [M,N], whose memory the result takes; scales
// float32 [M] and [N]; bias [N] or undefined -> float32 [M,N].
at::Tensor scaled(const at::Tensor& sums, const at::Tensor& row_scales, const at::Tensor& column_scales,
                  const at::Tensor& bias);

}  // namespace epalm::nn
