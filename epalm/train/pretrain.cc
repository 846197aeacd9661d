#include "epalm/train/pretrain.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numbers>

#include "epalm/nn/product.h"
#include "epalm/train/muon.h"
#include "epalm/train/optimizer.h"

namespace epalm::train {

double pretrain_rate(const PretrainOptions& options, int64_t step) {
  if (step < options.warmup_steps) {
    return options.learning_rate * static_cast<double>(step + 1) / static_cast<double>(options.warmup_steps);
  }
  const double left = static_cast<double>(std::max<int64_t>(options.steps - options.warmup_steps, 1));
  const double done = static_cast<double>(step - options.warmup_steps) / left;
  return options.learning_rate * (0.001 + 0.999 * 0.5 * (1 + std::cos(std::numbers::pi * done)));
}

void minimise(const PretrainOptions& options, const nn::Weights& weights, const std::vector<Parameter>& others,
              const std::function<at::Tensor()>& next_loss, const OnPretrainProgress& progress) {
  ParameterGroup group;
  group.parameters = others;
  group.weight_decay = options.weight_decay;
  std::vector<at::Tensor> matrices;
  for (const auto& [name, tensor] : weights.items()) {
    const bool hidden = tensor.dim() == 2 && name.find("embed") == std::string::npos;
    if (hidden && options.matrix_rate > 0) {
      matrices.push_back(tensor);
    } else {
      group.parameters.push_back({name, tensor.dim(), tensor});
    }
  }
  const auto train = [&](bool on) {
    for (const auto& [name, tensor] : weights.items()) tensor.set_requires_grad(on);
    for (const Parameter& parameter : others) parameter.tensor.set_requires_grad(on);
  };
  train(true);
  OptimizerSettings settings;
  settings.opt_betas = options.betas;
  Optimizer optimizer(settings, {group});
  Muon muon(matrices, options.weight_decay);

  const nn::Bfloat16Products fast;
  const auto start = std::chrono::steady_clock::now();
  double sum = 0;
  int64_t since = 0;
  for (int64_t step = 0; step < options.steps; ++step) {
    const at::Tensor loss = next_loss();
    optimizer.zero_grad();
    muon.zero_grad();
    loss.backward();
    const double rate = pretrain_rate(options, step);
    optimizer.groups()[0].lr = rate;
    optimizer.step();
    muon.step(options.matrix_rate * rate / options.learning_rate);
    sum += loss.item<double>();
    ++since;
    if ((step + 1) % 50 == 0 || step + 1 == options.steps) {
      const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
      if (!progress({step + 1, sum / static_cast<double>(since), elapsed.count()})) break;
      sum = 0;
      since = 0;
    }
  }
  train(false);
}

}  // namespace epalm::train
