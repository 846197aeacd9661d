#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <string>

#include "epalm/nn/packed_matrix.h"

namespace epalm::nn {

// What a matrix in 8 bits is multiplied with where there are many rows (more than most_dot_rows(), dot_products.h).
// kInt8 is about twice as fast and rounds each row of the input to integers of 8 bits, with a scale of its own; that
// suits inputs without numbers far larger than the others of their row.
enum class Inputs { kBFloat16, kInt8 };

// A frozen matrix [out,in] in 8 or 4 bits a number, kept as signed integers times a scale: one scale for each row with
// 8 bits, for each 32 numbers of a row with 4. Cheap to copy, immutable.
class QuantizedMatrix {
 public:
  // Rounds to the nearest multiple of the scale, with which the largest number of a row or group is 127 or 7: no number
  // moves by more than half a scale. weight: 2-D, floating point. `name` is for errors. Throws Error for numbers that
  // are not finite, and for an `in` that is no multiple of 32.
  QuantizedMatrix(const at::Tensor& weight, int bits, const std::string& name);

  // Of the parts of another.
  QuantizedMatrix(at::Tensor values, at::Tensor scales);

  int64_t out_features() const { return values_.size(0); }
  int64_t in_features() const { return bits_ == 4 ? values_.size(1) * 2 : values_.size(1); }
  int bits() const { return bits_; }
  const at::Tensor& values() const { return values_; }  // int8 [out,in], or uint8 [out,in/2] as PackedMatrix has it
  const at::Tensor& scales() const { return scales_; }  // float32 [out], or float16 [out,in/32]
  int64_t bytes() const { return bytes_of(out_features(), in_features(), bits_); }
  static int64_t bytes_of(int64_t out, int64_t in, int bits);

  PackedMatrix packed() const;  // of this one's memory
  // Rows first … first + count - 1 as bfloat16 [count,in].
  at::Tensor rows(int64_t first, int64_t count) const;

  // x Wᵀ + b: x [M,in] float32, b [out] float32 or undefined -> [M,out] float32. Up to most_dot_rows() rows are rounded
  // to 8 bits in groups of 64 where the CPU has dot products of such (dot_products.h), up to kFewRows (packed_matrix.h)
  // are not rounded where it has none. More rows are rounded to `inputs`; to bfloat16 with 4 bits and where the CPU
  // does not add up int8 products (int8_sums.h). With 8 bits bfloat16 gives way to groups of 64 where those are
  // multiplied sooner (int8_products.h). No autograd.
  at::Tensor times(const at::Tensor& x, const at::Tensor& bias, Inputs inputs = Inputs::kBFloat16) const;
  // dy W: [M,out] float32, rounded to bfloat16 or in groups of 64 (int8_products.h) -> [M,in] float32. No autograd.
  at::Tensor gradient_times(const at::Tensor& dy) const;

 private:
  // Dequantizes some rows at a time.
  void for_each_tile(const std::function<void(int64_t first, const at::Tensor& tile)>& use) const;

  int bits_;
  at::Tensor values_, scales_;
};

}  // namespace epalm::nn
