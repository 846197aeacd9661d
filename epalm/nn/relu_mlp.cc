#include "epalm/nn/relu_mlp.h"

#include <torch/csrc/autograd/custom_function.h>

#include "epalm/nn/bfloat16_products.h"
#include "epalm/nn/dot_products.h"

namespace epalm::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

at::Tensor as_rows(const at::Tensor& x) {
  return x.reshape({-1, x.size(-1)});
}

struct ReluMlp : torch::autograd::Function<ReluMlp> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& first,
                            const c10::optional<at::Tensor>& first_bias, const at::Tensor& second,
                            const c10::optional<at::Tensor>& second_bias) {
    const at::Tensor inner =
        bfloat16_product(as_rows(x), first.t(), first_bias.value_or(at::Tensor()), Finish::kReluAndRound);  // [R,inner]
    context->save_for_backward({inner, first, second});
    auto shape = x.sizes().vec();
    shape.back() = second.size(0);
    return bfloat16_product(inner, second.t(), second_bias.value_or(at::Tensor())).view(shape);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &inner = saved[0], &first = saved[1], &second = saved[2];
    auto shape = gradients[0].sizes().vec();
    shape.back() = first.size(1);
    const at::Tensor d_inner = bfloat16_product(as_rows(gradients[0]), second, {}, Finish::kRound, inner);
    return {bfloat16_product(d_inner, first).view(shape), {}, {}, {}, {}};
  }
};

bool is_frozen(const at::Tensor& t) {
  return !t.defined() || !t.requires_grad();
}

bool suits(const Linear& linear) {
  const at::Tensor& weight = linear.weight();
  return is_frozen(weight) && is_frozen(linear.bias()) && suits_bfloat16_products(weight.t()) &&
         suits_bfloat16_products(weight);
}

}  // namespace

std::optional<at::Tensor> relu_mlp(const at::Tensor& x, const Linear& first, const Linear& second) {
  if (x.scalar_type() != at::kFloat || !x.device().is_cpu() || !suits(first) || !suits(second)) return {};
  if (x.numel() / x.size(-1) <= most_dot_rows(PackedMatrix::Format::kBFloat16)) return {};
  const auto given = [](const at::Tensor& bias) { return bias.defined() ? c10::make_optional(bias) : c10::nullopt; };
  return ReluMlp::apply(x, first.weight(), given(first.bias()), second.weight(), given(second.bias()));
}

}  // namespace epalm::nn
