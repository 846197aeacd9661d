#pragma once

#include <ATen/ATen.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "epalm/io/pickle_value.h"
#include "epalm/train/parameter_groups.h"

namespace epalm::train {

struct OptimizerSettings {
  // adamw, adam, sgd (with Nesterov's momentum; also spelt nesterov), momentum (SGD without it), rmsprop, adagrad,
  // nadam, adafactor or muon (matrices; AdamW for the rest); any case.
  std::string opt = "adamw";
  // Added to the root of the second moment; adafactor: to the squared gradient. nullopt: 1e-8, adagrad 1e-10, adafactor
  // 1e-30. sgd and momentum have none.
  std::optional<double> opt_eps{};
  // adam, adamw, nadam: decay of the first and the second moment per step; nullopt: 0.9 and 0.999. adafactor keeps a
  // first moment only where given, and takes the first number.
  std::optional<std::array<double, 2>> opt_betas{};
  // sgd, momentum, rmsprop: share of the last update that is kept; 0 disables.
  double momentum = 0.9;
};

// What is remembered of one parameter.
struct ParameterState {
  int64_t step = 0;                             // updates so far
  double m_schedule = 1;                        // nadam: product of the first moment's decays so far
  std::map<std::string, at::Tensor> tensors{};  // under torch's names: exp_avg, square_avg, …
};

// How an optimiser moves one parameter: the operations of the published optimisers in their order (torch 1.13's, and
// for nadam and adafactor the published program's own), so that trajectories are equal bit for bit on the same kernels.
class UpdateRule {
 public:
  virtual ~UpdateRule() = default;

  // One step along the gradient, which has the parameter's shape, with the group's rate and decay. state: as this rule
  // left it, or new. To be called without autograd.
  virtual void update(at::Tensor& parameter, at::Tensor gradient, ParameterState& state,
                      const ParameterGroup& group) const = 0;

  // Name -> shape of the tensors that the state of a parameter of this shape holds after an update.
  using Shapes = std::map<std::string, std::vector<int64_t>>;
  virtual Shapes state_shapes(at::IntArrayRef parameter) const = 0;

  // For published files: what besides rate, decay and parameters stands in a group, and what besides tensors in a
  // state.
  virtual io::Value::Dict group_options() const = 0;
  virtual io::Value::Dict state_scalars(const ParameterState& state) const = 0;
};

// Throws Error for settings out of range, and for an unknown opt, listing those that are known.
std::unique_ptr<const UpdateRule> make_update_rule(const OptimizerSettings& settings);

}  // namespace epalm::train
