#pragma once

#include <ATen/ATen.h>

#include <vector>

namespace epalm::train {

// Momentum whose update of a matrix is made orthogonal, so that all its directions move alike (Muon, Jordan et al.
// 2024); scaled by 0.2 sqrt(larger side), the size of an AdamW update at the same rate (arXiv:2502.16982). For hidden
// matrices [out,in]; embeddings, vectors and heads want another optimiser. Owns the momentum; the matrices are shared.
class Muon {
 public:
  // Throws Error for tensors that are no matrices.
  Muon(std::vector<at::Tensor> matrices, double weight_decay);

  // Moves the matrices that have a gradient.
  void step(double rate);
  void zero_grad();

 private:
  struct Matrix {
    at::Tensor value, momentum;
  };
  std::vector<Matrix> matrices_;
  double weight_decay_;
};

// One step of the same on one matrix, without autograd. momentum: zeros at first, of the matrix's shape.
void muon_update(at::Tensor& matrix, at::Tensor& momentum, const at::Tensor& gradient, double rate,
                 double weight_decay);

// The nearest matrix with singular values near one (0.7 to 1.2), by five Newton-Schulz steps.
at::Tensor orthogonalised(const at::Tensor& matrix);

}  // namespace epalm::train
