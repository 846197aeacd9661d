#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace epalm::nn {

// A matrix [rows,columns] as it lies in memory.
struct PackedMatrix {
  enum class Format {
    kFloat32,
    kBFloat16,
    kInt8,  // times scales[row]
    // Of kFewColumns neighbours, byte j holds the j-th in its low and the one half of them further in its high four
    // bits, each plus 8; times group_scales[row, column / kFewColumns].
    kInt4,
  };
  Format format = Format::kFloat32;
  const void* values = nullptr;
  const float* scales = nullptr;
  const c10::Half* group_scales = nullptr;
  int64_t rows = 0, columns = 0;
};

// Products of a few rows with a large matrix are bound by reading the matrix: this reads it once for eight rows, in its
// own format. Above so many rows the usual product is faster.
inline constexpr int64_t kFewRows = 16;
inline constexpr int64_t kFewColumns = 32;

// x Wᵀ + b: x [M,columns] float32, columns a multiple of kFewColumns, b [rows] float32 or undefined -> [M,rows]
// float32. No autograd.
at::Tensor few_rows_product(const at::Tensor& x, const PackedMatrix& matrix, const at::Tensor& bias);

// Rows first … first + count - 1 of a matrix of integers as bfloat16 [count,columns], rounded to the nearest; columns a
// multiple of kFewColumns.
at::Tensor dequantized(const PackedMatrix& matrix, int64_t first, int64_t count);

}  // namespace epalm::nn
