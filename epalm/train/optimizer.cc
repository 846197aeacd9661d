#include "epalm/train/optimizer.h"

#include <set>
#include <utility>

#include "epalm/base/error.h"

namespace epalm::train {

Optimizer::Optimizer(const OptimizerSettings& settings, std::vector<ParameterGroup> groups)
    : rule_(make_update_rule(settings)), groups_(std::move(groups)) {
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
      rule_->update(parameter.tensor, parameter.tensor.grad(), state_[parameter.name], group);
    }
  }
}

void Optimizer::zero_grad() {
  for (const Parameter& parameter : trained()) {
    if (parameter.tensor.grad().defined()) parameter.tensor.mutable_grad().detach_().zero_();
  }
}

std::vector<Parameter> Optimizer::trained() const {
  std::vector<Parameter> trained;
  for (const ParameterGroup& group : groups_) {
    for (const Parameter& parameter : group.parameters) {
      if (parameter.tensor.defined()) trained.push_back(parameter);
    }
  }
  return trained;
}

void Optimizer::set_state(const std::map<std::string, ParameterState>& state) {
  at::NoGradGuard no_grad;
  std::map<std::string, at::Tensor> parameters;
  for (const Parameter& parameter : trained()) parameters.emplace(parameter.name, parameter.tensor);
  std::map<std::string, ParameterState> copy;
  for (const auto& [name, given] : state) {
    const auto found = parameters.find(name);
    require(found != parameters.end(), "optimizer state: '{}' is not trained here; resume with the settings of the run",
            name);
    require(given.step >= 0, "optimizer state: '{}' has {} steps", name, given.step);
    ParameterState& target = copy[name] = {given.step, given.m_schedule, {}};
    const UpdateRule::Shapes shapes = rule_->state_shapes(found->second.sizes());
    for (const auto& [kept, shape] : shapes) {
      const auto tensor = given.tensors.find(kept);
      require(tensor != given.tensors.end() && tensor->second.defined() && tensor->second.sizes() == shape,
              "optimizer state: the {} of '{}' is missing or has another shape; resume with the settings of the run",
              kept, name);
      target.tensors[kept] = at::empty(shape, found->second.options()).copy_(tensor->second);
    }
    for (const auto& [kept, tensor] : given.tensors) {
      require(shapes.contains(kept),
              "optimizer state: '{}' has a {}, which this optimizer does not keep; resume with the settings of the run",
              name, kept);
    }
  }
  state_ = std::move(copy);
}

}  // namespace epalm::train
