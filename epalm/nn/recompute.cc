#include "epalm/nn/recompute.h"

#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "epalm/nn/dropout.h"

namespace epalm::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using Compute = std::function<at::Tensor(const at::Tensor&)>;

thread_local bool recomputes = false;

// A function as libtorch's context of a node keeps it.
struct KeptFunction : torch::CustomClassHolder {
  explicit KeptFunction(Compute function) : compute(std::move(function)) {}
  Compute compute;
};

struct RecomputedBlock : torch::autograd::Function<RecomputedBlock> {
  // weights: those that are trained.
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, at::TensorList weights,
                            const Compute& compute) {
    variable_list saved{x};
    saved.insert(saved.end(), weights.begin(), weights.end());
    context->save_for_backward(std::move(saved));
    context->saved_data["function"] = c10::IValue::make_capsule(c10::make_intrusive<KeptFunction>(compute));
    context->saved_data["draws"] = dropout_state();
    return compute(x);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    variable_list inputs = context->get_saved_variables();
    inputs[0] = inputs[0].detach().requires_grad_(context->needs_input_grad(0));
    const auto function = context->saved_data["function"].toCapsule();
    at::Tensor result;
    {
      const at::AutoGradMode with_gradients(true);
      const DrawsAgain as_before(context->saved_data["draws"].toTensor());
      result = static_cast<const KeptFunction&>(*function).compute(inputs[0]);
    }
    variable_list wanted, found(inputs.size() + 1);  // the function has no gradient
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (context->needs_input_grad(i)) wanted.push_back(inputs[i]);
    }
    wanted = torch::autograd::grad({result}, wanted, gradients, {}, false, true);
    for (size_t i = 0, next = 0; i < inputs.size(); ++i) {
      if (context->needs_input_grad(i)) found[i] = wanted[next++];
    }
    return found;
  }
};

}  // namespace

RecomputedBlocks::RecomputedBlocks(bool recomputed) : before_(recomputes) {
  recomputes = recomputed;
}
RecomputedBlocks::~RecomputedBlocks() {
  recomputes = before_;
}

at::Tensor block(const at::Tensor& x, const std::vector<at::Tensor>& weights, const Compute& compute) {
  if (!recomputes || !at::GradMode::is_enabled() || !x.device().is_cpu()) return compute(x);
  std::vector<at::Tensor> trained;
  std::copy_if(weights.begin(), weights.end(), std::back_inserter(trained),
               [](const at::Tensor& weight) { return weight.requires_grad(); });
  if (trained.empty() && !x.requires_grad()) return compute(x);
  return RecomputedBlock::apply(x, at::TensorList(trained), compute);
}

}  // namespace epalm::nn
