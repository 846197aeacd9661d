#include "epalm/train/muon.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "epalm/base/error.h"

namespace epalm::train {
namespace {

constexpr double kMomentum = 0.95;
constexpr int kSteps = 5;
// x -> a x + b x^3 + c x^5 pulls singular values between 0 and 1 towards one.
constexpr double kA = 3.4445, kB = -4.7750, kC = 2.0315;

}  // namespace

at::Tensor orthogonalised(const at::Tensor& matrix) {
  const bool tall = matrix.size(0) > matrix.size(1);
  at::Tensor x = tall ? matrix.t() : matrix;
  x = x / (x.norm() + 1e-7);
  for (int i = 0; i < kSteps; ++i) {
    const at::Tensor square = x.matmul(x.t());
    x = kA * x + (kB * square + kC * square.matmul(square)).matmul(x);
  }
  return tall ? x.t() : x;
}

void muon_update(at::Tensor& matrix, at::Tensor& momentum, const at::Tensor& gradient, double rate,
                 double weight_decay) {
  momentum.mul_(kMomentum).add_(gradient);
  const at::Tensor update = orthogonalised(gradient + kMomentum * momentum);  // as Nesterov's
  const double size = 0.2 * std::sqrt(static_cast<double>(std::max(matrix.size(0), matrix.size(1))));
  matrix.mul_(1 - rate * weight_decay).sub_(update, rate * size);
}

Muon::Muon(std::vector<at::Tensor> matrices, double weight_decay) : weight_decay_(weight_decay) {
  for (at::Tensor& matrix : matrices) {
    require(matrix.dim() == 2, "Muon moves matrices, got a tensor of {} dimensions", matrix.dim());
    at::Tensor momentum = at::zeros_like(matrix);
    matrices_.push_back({std::move(matrix), std::move(momentum)});
  }
}

void Muon::step(double rate) {
  const at::NoGradGuard no_grad;
  for (auto& [value, momentum] : matrices_) {
    const at::Tensor gradient = value.grad();
    if (!gradient.defined()) continue;
    muon_update(value, momentum, gradient, rate, weight_decay_);
  }
}

void Muon::zero_grad() {
  for (auto& matrix : matrices_) matrix.value.mutable_grad().reset();
}

}  // namespace epalm::train
