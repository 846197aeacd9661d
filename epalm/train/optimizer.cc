#include "epalm/train/optimizer.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <set>
#include <utility>

#include "epalm/base/error.h"

namespace epalm::train {

Optimizer::Method Optimizer::method_named(const std::string& opt) {
  std::string lower = opt;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  if (lower == "adamw") return Method::kAdamW;
  if (lower == "adam") return Method::kAdam;
  if (lower == "sgd" || lower == "nesterov") return Method::kNesterov;
  if (lower == "momentum") return Method::kMomentum;
  fail("optimizer.opt: expected adamw, adam, sgd, nesterov or momentum, got '{}'", opt);
}

Optimizer::Optimizer(const OptimizerSettings& settings, std::vector<ParameterGroup> groups)
    : settings_(settings), method_(method_named(settings.opt)), groups_(std::move(groups)) {
  require(settings.opt_eps >= 0, "optimizer.opt_eps: expected 0 or more, got {}", settings.opt_eps);
  for (const double beta : settings.opt_betas) {
    require(beta >= 0 && beta < 1, "optimizer.opt_betas: expected numbers from 0 to below 1, got {}", beta);
  }
  require(settings.momentum >= 0, "optimizer.momentum: expected 0 or more, got {}", settings.momentum);
  require(method_ != Method::kNesterov || settings.momentum > 0,
          "optimizer.momentum: opt '{}' needs a momentum above 0; set one, or opt to 'momentum' for plain descent",
          settings.opt);
  std::set<std::string> names;
  for (const ParameterGroup& group : groups_) {
    require(group.lr >= 0, "optimizer: the learning rate of the group '{}' must be 0 or more, got {}", group.label,
            group.lr);
    require(group.weight_decay >= 0, "optimizer.weight_decay: expected 0 or more, got {}", group.weight_decay);
    for (const Parameter& parameter : group.parameters) {
      require(names.insert(parameter.name).second, "optimizer: two parameters have the name '{}'", parameter.name);
    }
  }
}

void Optimizer::step() {
  at::NoGradGuard no_grad;
  for (ParameterGroup& group : groups_) {
    for (Parameter& parameter : group.parameters) {
      if (!parameter.tensor.defined() || !parameter.tensor.grad().defined()) continue;
      ParameterState& state = state_[parameter.name];
      if (is_adam()) {
        update_adam(parameter.tensor, parameter.tensor.grad(), state, group);
      } else {
        update_sgd(parameter.tensor, parameter.tensor.grad(), state, group);
      }
    }
  }
}

// Adam (arXiv 1412.6980) adds the decay to the gradient, AdamW (arXiv 1711.05101) shrinks the parameter itself.
void Optimizer::update_adam(at::Tensor& parameter, at::Tensor gradient, ParameterState& state,
                            const ParameterGroup& group) const {
  const auto [beta1, beta2] = settings_.opt_betas;
  if (!state.first.defined()) {
    state.first = at::zeros_like(parameter);
    state.second = at::zeros_like(parameter);
  }
  ++state.step;
  if (method_ == Method::kAdamW) {
    parameter.mul_(1 - group.lr * group.weight_decay);
  } else if (group.weight_decay != 0) {
    gradient = gradient.add(parameter, group.weight_decay);
  }
  state.first.mul_(beta1).add_(gradient, 1 - beta1);
  state.second.mul_(beta2).addcmul_(gradient, gradient, 1 - beta2);
  const double correction1 = 1 - std::pow(beta1, static_cast<double>(state.step));
  const double correction2 = 1 - std::pow(beta2, static_cast<double>(state.step));
  const at::Tensor denominator = (state.second.sqrt() / std::sqrt(correction2)).add_(settings_.opt_eps);
  parameter.addcdiv_(state.first, denominator, -(group.lr / correction1));
}

void Optimizer::update_sgd(at::Tensor& parameter, at::Tensor gradient, ParameterState& state,
                           const ParameterGroup& group) const {
  ++state.step;
  if (group.weight_decay != 0) gradient = gradient.add(parameter, group.weight_decay);
  if (settings_.momentum != 0) {
    if (state.first.defined()) {
      state.first.mul_(settings_.momentum).add_(gradient);
    } else {
      state.first = gradient.clone();
    }
    gradient = method_ == Method::kNesterov ? gradient.add(state.first, settings_.momentum) : state.first;
  }
  parameter.add_(gradient, -group.lr);
}

void Optimizer::zero_grad() {
  for (ParameterGroup& group : groups_) {
    for (Parameter& parameter : group.parameters) {
      if (!parameter.tensor.defined() || !parameter.tensor.grad().defined()) continue;
      parameter.tensor.mutable_grad().detach_().zero_();
    }
  }
}

void Optimizer::set_state(const std::map<std::string, ParameterState>& state) {
  std::map<std::string, at::Tensor> trained;
  for (const ParameterGroup& group : groups_) {
    for (const Parameter& parameter : group.parameters) {
      if (parameter.tensor.defined()) trained.emplace(parameter.name, parameter.tensor);
    }
  }
  std::map<std::string, ParameterState> copy;
  for (const auto& [name, given] : state) {
    const auto found = trained.find(name);
    require(found != trained.end(), "optimizer state: '{}' is not trained here; resume with the settings of the run",
            name);
    const at::Tensor& parameter = found->second;
    const auto checked = [&](const at::Tensor& tensor, const char* what) {
      require(tensor.defined() && tensor.sizes() == parameter.sizes(),
              "optimizer state: the {} of '{}' is missing or has another shape than the parameter", what, name);
      return at::empty_like(parameter).copy_(tensor);
    };
    at::NoGradGuard no_grad;
    ParameterState& target = copy[name];
    require(given.step >= 0, "optimizer state: '{}' has {} steps", name, given.step);
    target.step = given.step;
    if (is_adam()) {
      target.first = checked(given.first, "first moment");
      target.second = checked(given.second, "second moment");
    } else if (given.first.defined()) {
      target.first = checked(given.first, "momentum");
    }
  }
  state_ = std::move(copy);
}

}  // namespace epalm::train
