#include "epalm/nn/linear.h"

#include <torch/torch.h>

#include "epalm/base/shapes.h"
#include "epalm/nn/product.h"

namespace epalm::nn {
namespace {

at::Tensor rows(const at::Tensor& x) {
  return x.reshape({-1, x.size(-1)});
}

// What the weight is multiplied with must have its type: float16 has no fast product on CPUs and is computed in
// float32.
at::Tensor as_operand(const at::Tensor& x, const at::Tensor& weight) {
  return weight.scalar_type() == at::kBFloat16 ? x.to(at::kBFloat16) : x;
}

at::Tensor usable(const at::Tensor& weight) {
  return weight.scalar_type() == at::kHalf ? weight.to(at::kFloat) : weight;
}

struct LinearFunction : torch::autograd::Function<LinearFunction> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const c10::optional<at::Tensor>& bias) {
    context->saved_data["weight_shape"] = weight.sizes().vec();
    const bool trains = weight.requires_grad();
    context->saved_data["bias_trains"] = bias && bias->requires_grad();
    context->save_for_backward({trains ? x : at::Tensor(), weight});
    auto shape = x.sizes().vec();
    shape.back() = weight.size(0);
    const at::Tensor w = usable(weight);
    return product(as_operand(rows(x), w), w.t(), bias.value_or(at::Tensor())).view(shape);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor& x = saved[0];
    const at::Tensor w = usable(saved[1]);
    const at::Tensor dy = rows(gradients[0]);
    at::Tensor dx, dw, db;
    if (context->needs_input_grad(0)) {
      auto shape = gradients[0].sizes().vec();
      shape.back() = w.size(1);
      dx = product(as_operand(dy, w), w).view(shape);
    }
    if (x.defined()) dw = product(dy.t(), rows(x)).to(saved[1].scalar_type());
    if (context->saved_data["bias_trains"].toBool()) db = dy.sum(0);
    return {dx, dw, db};
  }
};

}  // namespace

Linear::Linear(at::Tensor weight, at::Tensor bias) : weight_(std::move(weight)), bias_(std::move(bias)) {
  check_shape(weight_, {kAny, kAny}, "Linear weight");
  if (bias_.defined()) check_shape(bias_, {weight_.size(0)}, "Linear bias");
}

at::Tensor Linear::operator()(const at::Tensor& x) const {
  EPALM_ASSERT(x.size(-1) == in_features());
  const auto bias = bias_.defined() ? c10::make_optional(bias_) : c10::nullopt;
  if (!x.device().is_cpu() || x.scalar_type() == at::kDouble) {
    return at::linear(x, weight_.to(x.scalar_type()), bias ? c10::make_optional(bias->to(x.scalar_type())) : bias);
  }
  return LinearFunction::apply(x, weight_, bias);
}

}  // namespace epalm::nn
