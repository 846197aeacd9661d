#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "epalm/nn/packed_matrix.h"

namespace epalm::nn {

// Whether this CPU has instructions that add up products of numbers as short as the matrix's: AVX-512 VNNI for
// integers, AVX-512 BF16 for bfloat16. ONEDNN_MAX_CPU_ISA counts in a build with oneDNN.
bool has_dot_products(PackedMatrix::Format format);

// Up to so many rows dot_product() is faster than making the matrix suit a product of many rows, at most kMostDotRows
// on any CPU; 0 where it has no such instructions.
inline constexpr int64_t kMostDotRows = 512;
int64_t most_dot_rows(PackedMatrix::Format format);

// x Wᵀ + b with x rounded to the matrix's kind: to bfloat16 for bfloat16; for integers to 8 bits, each 64 neighbours of
// a row with a scale of their own (int8_rows.h), so that a number far larger than the others blurs few of them. The
// matrix is read as it lies, once from memory for all rows. x [...,columns] float32, columns a multiple of kFewColumns,
// b [rows] float32 or undefined -> [...,rows] float32. A row's result does not depend on the others, but for whether
// there are any: one row alone is added up in another order where the CPU has AMX. No autograd. For formats of which
// has_dot_products() is true.
at::Tensor dot_product(const at::Tensor& x, const PackedMatrix& matrix, const at::Tensor& bias);

struct DotFactor {
  PackedMatrix matrix;
  at::Tensor bias;
};

// The same with several matrices of one format and width: x is rounded once, and all are shared out among the threads
// together. The numbers are those of dot_product(), bit for bit.
std::vector<at::Tensor> dot_products(const at::Tensor& x, const std::vector<DotFactor>& factors);

}  // namespace epalm::nn
