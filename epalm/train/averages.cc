#include "epalm/train/averages.h"

#include <utility>

#include "epalm/base/error.h"

namespace epalm::train {

Averages::Averages(std::vector<Parameter> parameters, double decay)
    : parameters_(std::move(parameters)), decay_(decay) {
  require(decay >= 0 && decay < 1, "ema_decay: expected 0 to below 1, got {}", decay);
  for (const Parameter& parameter : parameters_) tensors_[parameter.name] = parameter.tensor.detach().clone();
}

void Averages::update() {
  at::NoGradGuard no_grad;
  for (const Parameter& parameter : parameters_) {
    tensors_.at(parameter.name).mul_(decay_).add_(parameter.tensor, 1 - decay_);
  }
}

void Averages::swap() {
  at::NoGradGuard no_grad;
  for (const Parameter& parameter : parameters_) {
    const at::Tensor& average = tensors_.at(parameter.name);
    const at::Tensor kept = average.clone();
    average.copy_(parameter.tensor);
    parameter.tensor.copy_(kept);
  }
}

void Averages::set(const std::map<std::string, at::Tensor>& tensors) {
  for (const auto& [name, tensor] : tensors_) {
    const auto found = tensors.find(name);
    require(found != tensors.end() && found->second.sizes() == tensor.sizes(),
            "averages: '{}' is missing or has another shape; resume with the settings of the run", name);
  }
  require(tensors.size() == tensors_.size(),
          "averages: expected {} tensors, got {}; resume with the settings of the run", tensors_.size(),
          tensors.size());
  for (const auto& [name, tensor] : tensors_) tensor.copy_(tensors.at(name));
}

}  // namespace epalm::train
