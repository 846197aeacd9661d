#pragma once

#include <ATen/ATen.h>

namespace epalm::nn {

// Whether products of many rows with a matrix in 8 bits are computed here, and sooner so than in bfloat16: with AVX-512
// VNNI where there are no tiles (tile_products.h).
bool suits_int8_products();

// Products of rows that are rounded to 8 bits, each 64 neighbours with a scale of their own as in dot_product(), and a
// matrix of integers [N,K], each row times its scale. Sums of a group are exact. values: int8 [N,K], contiguous;
// scales: float32 [N]. No autograd. Need AVX-512 VNNI.

// x (scales · values)ᵀ + b: x [M,K] float32, b [N] or undefined -> [M,N] float32.
at::Tensor int8_product(const at::Tensor& x, const at::Tensor& values, const at::Tensor& scales,
                        const at::Tensor& bias = {});
// dy (scales · values): dy [M,N] float32, rounded once each column is multiplied by its scale -> [M,K] float32.
at::Tensor int8_gradient_product(const at::Tensor& dy, const at::Tensor& values, const at::Tensor& scales);

}  // namespace epalm::nn
