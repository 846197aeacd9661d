#include "epalm/train/checkpoint.h"

#include <torch/torch.h>

#include <nlohmann/json.hpp>

#include "epalm/base/error.h"
#include "epalm/io/safetensors.h"
#include "epalm/io/torch_file.h"

namespace epalm::train {
namespace {

using io::Value;

// torch's AdamW state_dict: states by parameter number, counted over the groups with the frozen ones.
Value optimizer_value(const Optimizer& optimizer, const Schedule& schedule) {
  const auto indices = state_indices(optimizer.groups());
  std::map<int64_t, Value> by_index;
  for (const auto& [name, state] : optimizer.state()) {
    Value::Dict entry{{"step", at::full({}, static_cast<double>(state.step), at::kFloat)}};
    entry.emplace_back(state.second.defined() ? "exp_avg" : "momentum_buffer", state.first);
    if (state.second.defined()) entry.emplace_back("exp_avg_sq", state.second);
    by_index[indices.at(name)] = Value(std::move(entry));
  }
  Value::Dict states;
  for (auto& [index, entry] : by_index) states.emplace_back(index, std::move(entry));
  Value::List groups;
  int64_t next = 0;
  for (size_t i = 0; i < optimizer.groups().size(); ++i) {
    const auto& group = optimizer.groups()[i];
    Value::List parameters;
    for (size_t k = 0; k < group.parameters.size(); ++k) parameters.emplace_back(next++);
    const auto& betas = optimizer.settings().opt_betas;
    groups.push_back(Value::Dict{{"lr", group.lr},
                                 {"betas", Value::tuple({betas[0], betas[1]})},
                                 {"eps", optimizer.settings().opt_eps},
                                 {"weight_decay", group.weight_decay},
                                 {"amsgrad", false},
                                 {"foreach", Value()},
                                 {"maximize", false},
                                 {"capturable", false},
                                 {"initial_lr", schedule.base_rates()[i]},
                                 {"params", std::move(parameters)}});
  }
  return Value::Dict{{"state", std::move(states)}, {"param_groups", std::move(groups)}};
}

// The attributes of the published cosine scheduler.
Value schedule_value(const Schedule& schedule) {
  const auto& settings = schedule.settings();
  Value::List groups;
  for (const int64_t group : settings.scheduler_groups) groups.emplace_back(group);
  if (groups.empty()) groups.emplace_back();
  Value::List bases;
  for (const double rate : schedule.base_rates()) bases.emplace_back(rate);
  Value::List warmup_steps;
  for (const double rate : schedule.base_rates()) {
    warmup_steps.emplace_back(
        settings.warmup_epochs > 0 ? (rate - settings.warmup_lr) / static_cast<double>(settings.warmup_epochs) : 1.0);
  }
  return Value::Dict{
      {"scheduler_groups", std::move(groups)},
      {"param_group_field", "lr"},
      {"_initial_param_group_field", "initial_lr"},
      {"base_values", std::move(bases)},
      {"metric", Value()},
      {"noise_range_t", settings.lr_noise
                            ? Value::tuple({settings.lr_noise->first * static_cast<double>(settings.epochs),
                                            settings.lr_noise->second * static_cast<double>(settings.epochs)})
                            : Value()},
      {"noise_pct", settings.lr_noise_pct},
      {"noise_type", "normal"},
      {"noise_std", 1.0},
      {"noise_seed", settings.seed},
      {"t_initial", settings.epochs},
      {"t_mul", settings.lr_cycle_mul},
      {"lr_min", settings.min_lr},
      {"decay_rate", settings.decay_rate},
      {"cycle_limit", settings.lr_cycle_limit},
      {"warmup_t", settings.warmup_epochs},
      {"warmup_lr_init", settings.warmup_lr},
      {"warmup_prefix", true},
      {"t_in_epochs", true},
      {"warmup_steps", std::move(warmup_steps)}};
}

bool is_adapter_name(const infer::Bundle& bundle, const std::string& name) {
  return bundle.model.adapter().weights().contains(name);
}

int64_t step_of(const Value& value) {
  return value.is_tensor() ? static_cast<int64_t>(value.as_tensor().item<double>()) : value.as_int();
}

}  // namespace

void write_checkpoint(const std::filesystem::path& path, const infer::Bundle& bundle, const Optimizer& optimizer,
                      const Schedule& schedule, const RunState& state) {
  Value::Dict model;
  Value::Dict unfrozen;
  for (const auto& [name, tensor] : bundle.model.parameters()) {
    if (is_adapter_name(bundle, name)) {
      for (const auto& published : adapter::published_names(name)) model.emplace_back(published, tensor.detach());
    } else if (tensor.requires_grad()) {
      unfrozen.emplace_back(name, tensor.detach());
    }
  }
  Value::Dict file{{"model", std::move(model)},
                   {"optimizer", optimizer_value(optimizer, schedule)},
                   {"lr_scheduler", schedule_value(schedule)},
                   {"config", io::value_from_json(to_json(bundle.config))},
                   {"epoch", state.epoch},
                   {"best_valid", state.best_valid},
                   {"best_epoch", state.best_epoch}};
  if (!unfrozen.empty()) file.emplace_back("epalm_unfrozen", std::move(unfrozen));
  io::write_torch(path, file);
}

RunState read_checkpoint(const std::filesystem::path& path, const infer::Bundle& bundle, Optimizer& optimizer,
                         Schedule& schedule) {
  infer::load_adapter(bundle, path);
  const Value file = io::read_torch(path);
  const auto groups = file.at("optimizer").at("param_groups");
  require(groups.size() == optimizer.groups().size(),
          "'{}': expected {} optimizer groups, got {}; it was written under another optimizer config", path.string(),
          optimizer.groups().size(), groups.size());
  for (size_t i = 0; i < optimizer.groups().size(); ++i) {
    optimizer.groups()[i].lr = groups.at(static_cast<int64_t>(i)).at("lr").as_double();
  }
  const auto indices = state_indices(optimizer.groups());
  const auto saved = file.at("optimizer").at("state");
  std::map<std::string, ParameterState> states;
  for (const auto& [name, index] : indices) {
    if (!saved.contains(index)) continue;
    const auto entry = saved.at(index);
    ParameterState state;
    if (entry.contains("exp_avg")) {
      state.step = step_of(entry.at("step"));
      state.first = entry.at("exp_avg").as_tensor();
      state.second = entry.at("exp_avg_sq").as_tensor();
    } else {
      state.step = entry.contains("step") ? step_of(entry.at("step")) : 1;
      state.first = entry.at("momentum_buffer").as_tensor();
    }
    states[name] = state;
  }
  require(states.size() == saved.size(), "'{}': holds optimizer states of {} parameters, this model trains {} of them",
          path.string(), saved.size(), states.size());
  optimizer.set_state(states);
  std::vector<double> bases;
  const auto base_values = file.at("lr_scheduler").at("base_values");
  for (size_t i = 0; i < base_values.size(); ++i) bases.push_back(base_values.at(static_cast<int64_t>(i)).as_double());
  schedule.set_base_rates(bases);
  return {file.at("epoch").as_int(), file.at("best_valid").as_double(), file.at("best_epoch").as_int()};
}

void write_adapter(const std::filesystem::path& path, const infer::Bundle& bundle) {
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  for (const auto& [name, tensor] : bundle.model.adapter().weights().items())
    tensors.emplace_back(name, tensor.detach());
  io::write_safetensors(path, tensors, {{"format", "pt"}, {"epalm_config", to_json(bundle.config).dump()}});
}

}  // namespace epalm::train
