#include "epalm/nn/layer_norm.h"

#include "epalm/base/shapes.h"

namespace epalm::nn {

LayerNorm::LayerNorm(at::Tensor weight, at::Tensor bias, double eps)
    : weight_(std::move(weight)), bias_(std::move(bias)), eps_(eps) {
  check_shape(weight_, {kAny}, "LayerNorm weight");
  check_shape(bias_, {weight_.size(0)}, "LayerNorm bias");
}

at::Tensor LayerNorm::operator()(const at::Tensor& x) const {
  return at::layer_norm(x, {weight_.size(0)}, weight_.to(x.scalar_type()), bias_.to(x.scalar_type()), eps_);
}

}  // namespace epalm::nn
