#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "epalm/train/parameter_groups.h"
#include "epalm/train/update_rule.h"

namespace epalm::train {

// Updates the parameters that have a gradient by an UpdateRule. A parameter without gradient is left alone: no decay,
// no state. Owns the groups (whose tensors are shared with the model) and the state. One thread at a time.
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
  const UpdateRule& rule() const { return *rule_; }
  // All parameters that are not frozen, over the groups in order.
  std::vector<Parameter> trained() const;

  // By parameter name; a parameter appears with its first update.
  const std::map<std::string, ParameterState>& state() const { return state_; }
  // Copies the tensors. Throws Error for a name that is not trained here, and for a tensor that the rule does not keep,
  // that is missing, or that has another shape.
  void set_state(const std::map<std::string, ParameterState>& state);

 private:
  std::unique_ptr<const UpdateRule> rule_;
  std::vector<ParameterGroup> groups_;
  std::map<std::string, ParameterState> state_;
};

}  // namespace epalm::train
