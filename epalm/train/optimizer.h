#pragma once

#include <ATen/ATen.h>

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "epalm/train/parameter_groups.h"

namespace epalm::train {

struct OptimizerSettings {
  // adamw, adam, sgd (with Nesterov's momentum; also spelt nesterov) or momentum (SGD without it); any case.
  std::string opt = "adamw";
  // adam, adamw: added to the square root of the second moment.
  double opt_eps = 1e-8;
  // adam, adamw: decay of the first and the second moment per step.
  std::array<double, 2> opt_betas{0.9, 0.999};
  // sgd, momentum: share of the last update that is kept; 0 disables.
  double momentum = 0.9;
};

// What is remembered of one parameter; the tensors have its shape.
struct ParameterState {
  int64_t step = 0;   // updates so far
  at::Tensor first;   // adam, adamw: exp_avg; sgd, momentum: momentum_buffer
  at::Tensor second;  // adam, adamw: exp_avg_sq; otherwise undefined
};

// Updates the parameters that have a gradient with the operations of torch 1.13 in their order, so that trajectories
// are equal bit for bit on the same kernels. A parameter without gradient is left alone: no decay, no state. Owns the
// groups (whose tensors are shared with the model) and the state. One thread at a time.
class Optimizer {
 public:
  // Throws Error for an unknown opt, settings out of range, or a name that two parameters share.
  Optimizer(const OptimizerSettings& settings, std::vector<ParameterGroup> groups);

  void step();
  // Gradients that exist become 0, and stay: their parameters keep being decayed.
  void zero_grad();

  // Rates may be changed between steps (schedule.h).
  std::vector<ParameterGroup>& groups() { return groups_; }
  const std::vector<ParameterGroup>& groups() const { return groups_; }
  const OptimizerSettings& settings() const { return settings_; }

  // By parameter name; a parameter appears with its first update.
  const std::map<std::string, ParameterState>& state() const { return state_; }
  // Copies the tensors. Throws Error for a name that is not trained here, a missing tensor, or another shape.
  void set_state(const std::map<std::string, ParameterState>& state);

 private:
  enum class Method { kAdamW, kAdam, kNesterov, kMomentum };
  static Method method_named(const std::string& opt);
  void update_adam(at::Tensor& parameter, at::Tensor gradient, ParameterState& state,
                   const ParameterGroup& group) const;
  void update_sgd(at::Tensor& parameter, at::Tensor gradient, ParameterState& state, const ParameterGroup& group) const;
  bool is_adam() const { return method_ == Method::kAdamW || method_ == Method::kAdam; }

  OptimizerSettings settings_;
  Method method_;
  std::vector<ParameterGroup> groups_;
  std::map<std::string, ParameterState> state_;
};

}  // namespace epalm::train
