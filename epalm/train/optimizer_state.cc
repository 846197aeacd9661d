#include "epalm/train/optimizer_state.h"

#include <map>
#include <utility>

#include "epalm/base/error.h"

namespace epalm::train {
namespace {

using io::Value;

Value group_value(const ParameterGroup& group, const UpdateRule& rule, double initial_rate, int64_t& next) {
  Value::List parameters;
  for (size_t i = 0; i < group.parameters.size(); ++i) parameters.emplace_back(next++);
  Value::Dict value{{"lr", group.lr}, {"weight_decay", group.weight_decay}};
  for (auto& option : rule.group_options()) value.push_back(std::move(option));
  value.emplace_back("initial_lr", initial_rate);
  value.emplace_back("params", std::move(parameters));
  return value;
}

// A state of torch's: tensors of the parameter, and scalars, which are numbers or tensors without dimensions.
ParameterState state_from(const Value& entry, const std::string& where) {
  ParameterState state;
  state.step = 1;  // sgd counts none
  for (const auto& [key, value] : entry.as_dict()) {
    const std::string& name = key.as_string();
    if (name == "step") {
      state.step = value.is_tensor() ? static_cast<int64_t>(value.as_tensor().item<double>()) : value.as_int();
    } else if (name == "m_schedule") {
      state.m_schedule = value.as_double();
    } else if (value.is_tensor() && name != "RMS") {  // which is that of the parameter, known
      state.tensors[name] = value.as_tensor();
    } else {
      require(value.is_none() || name == "RMS", "'{}': the optimizer state '{}' is no tensor", where, name);
    }
  }
  return state;
}

}  // namespace

Value optimizer_value(const Optimizer& optimizer, const std::vector<double>& initial_rates) {
  EPALM_ASSERT(initial_rates.size() == optimizer.groups().size());
  const auto indices = state_indices(optimizer.groups());
  std::map<int64_t, Value> by_index;
  for (const auto& [name, state] : optimizer.state()) {
    Value::Dict entry = optimizer.rule().state_scalars(state);
    for (const auto& [kept, tensor] : state.tensors) entry.emplace_back(kept, tensor);
    by_index[indices.at(name)] = Value(std::move(entry));
  }
  Value::Dict states;
  for (auto& [index, entry] : by_index) states.emplace_back(index, std::move(entry));
  Value::List groups;
  int64_t next = 0;
  for (size_t i = 0; i < optimizer.groups().size(); ++i) {
    groups.push_back(group_value(optimizer.groups()[i], optimizer.rule(), initial_rates[i], next));
  }
  return Value::Dict{{"state", std::move(states)}, {"param_groups", std::move(groups)}};
}

void restore_optimizer(const Value& value, const std::string& where, Optimizer& optimizer) {
  const auto groups = value.at("param_groups");
  require(groups.size() == optimizer.groups().size(),
          "'{}': expected {} optimizer groups, got {}; it was written under another optimizer config", where,
          optimizer.groups().size(), groups.size());
  const auto saved = value.at("state");
  std::map<std::string, ParameterState> states;
  for (const auto& [name, index] : state_indices(optimizer.groups())) {
    if (saved.contains(index)) states[name] = state_from(saved.at(index), where);
  }
  require(states.size() == saved.size(), "'{}': holds optimizer states of {} parameters, this model trains {} of them",
          where, saved.size(), states.size());
  try {
    optimizer.set_state(states);
  } catch (const Error& error) {
    fail("'{}': {}", where, error.what());
  }
  for (size_t i = 0; i < optimizer.groups().size(); ++i) {
    optimizer.groups()[i].lr = groups.at(static_cast<int64_t>(i)).at("lr").as_double();
  }
}

}  // namespace epalm::train
