#include "epalm/train/checkpoint.h"

#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

#include "epalm/base/error.h"
#include "epalm/io/safetensors.h"
#include "epalm/io/torch_file.h"
#include "epalm/train/optimizer_state.h"

namespace epalm::train {
namespace {

using io::Value;

Value::List list_of(const std::vector<double>& numbers) {
  return {numbers.begin(), numbers.end()};
}

std::vector<double> numbers(const Value& list) {
  std::vector<double> numbers;
  for (size_t i = 0; i < list.size(); ++i) numbers.push_back(list.at(static_cast<int64_t>(i)).as_double());
  return numbers;
}

// The attributes of the published schedulers.
Value schedule_value(const Schedule& schedule) {
  const auto& settings = schedule.settings();
  Value::List groups;
  for (const int64_t group : settings.scheduler_groups) groups.emplace_back(group);
  if (groups.empty()) groups.emplace_back();
  Value::List warmup_steps;
  for (const double rate : schedule.base_rates()) {
    warmup_steps.emplace_back(
        settings.warmup_epochs > 0 ? (rate - settings.warmup_lr) / static_cast<double>(settings.warmup_epochs) : 1.0);
  }
  Value::Dict value{
      {"scheduler_groups", std::move(groups)},
      {"param_group_field", "lr"},
      {"_initial_param_group_field", "initial_lr"},
      {"base_values", list_of(schedule.base_rates())},
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
      {"warmup_steps", std::move(warmup_steps)},
      {"decay_t", settings.decay_epochs}};
  if (settings.decay == Decay::kPlateau) {
    value.emplace_back("best", schedule.plateau().best);
    value.emplace_back("num_bad_epochs", schedule.plateau().bad_epochs);
    value.emplace_back("plateau_rates", list_of(schedule.plateau().rates));
  }
  return value;
}

void restore_schedule(const Value& value, Schedule& schedule) {
  schedule.set_base_rates(numbers(value.at("base_values")));
  if (schedule.settings().decay != Decay::kPlateau) return;
  schedule.set_plateau(
      {value.at("best").as_double(), value.at("num_bad_epochs").as_int(), numbers(value.at("plateau_rates"))});
}

// From a model that load_adapter has filled: with the averages, or, where the file has none, with what trains.
void restore_averages(const Value& file, const std::string& where, const infer::Bundle& bundle, Averages& averages) {
  std::map<std::string, at::Tensor> trained;
  if (!file.contains("epalm_trained")) {
    for (const auto& [name, tensor] : bundle.model.parameters()) {
      if (averages.tensors().contains(name)) trained[name] = tensor.detach();
    }
  } else {
    const auto saved = file.at("epalm_trained");
    for (const auto& [name, tensor] : saved.as_dict()) trained[name.as_string()] = tensor.as_tensor();
  }
  try {
    averages.set(trained);
  } catch (const Error& error) {
    fail("'{}': {}", where, error.what());
  }
  averages.swap();
}

bool is_adapter_name(const infer::Bundle& bundle, const std::string& name) {
  return bundle.model.adapter().weights().contains(name);
}

}  // namespace

void write_checkpoint(const std::filesystem::path& path, const infer::Bundle& bundle, const Optimizer& optimizer,
                      const Schedule& schedule, const RunState& state, const Averages* averages) {
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
                   {"optimizer", optimizer_value(optimizer, schedule.base_rates())},
                   {"lr_scheduler", schedule_value(schedule)},
                   {"config", io::value_from_json(to_json(bundle.config))},
                   {"epalm_frozen", io::value_from_json(to_json(bundle.prints, bundle.config))},
                   {"epoch", state.epoch},
                   {"best_valid", state.best_valid},
                   {"best_epoch", state.best_epoch}};
  if (!unfrozen.empty()) file.emplace_back("epalm_unfrozen", std::move(unfrozen));
  if (averages != nullptr) {
    Value::Dict trained;
    for (const auto& [name, tensor] : averages->tensors()) trained.emplace_back(name, tensor);
    file.emplace_back("epalm_trained", std::move(trained));
  }
  io::write_torch(path, file);
}

RunState read_checkpoint(const std::filesystem::path& path, const infer::Bundle& bundle, Optimizer& optimizer,
                         Schedule& schedule, Averages* averages) {
  infer::load_adapter(bundle, path);
  const Value file = io::read_torch(path);
  require(averages != nullptr || !file.contains("epalm_trained"),
          "'{}': holds moving averages; resume with the ema_decay of the run", path.string());
  if (averages != nullptr) restore_averages(file, path.string(), bundle, *averages);
  restore_optimizer(file.at("optimizer"), path.string(), optimizer);
  restore_schedule(file.at("lr_scheduler"), schedule);
  return {file.at("epoch").as_int(), file.at("best_valid").as_double(), file.at("best_epoch").as_int()};
}

void write_adapter(const std::filesystem::path& path, const infer::Bundle& bundle) {
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  for (const auto& [name, tensor] : bundle.model.parameters()) {
    if (is_adapter_name(bundle, name) || tensor.requires_grad()) tensors.emplace_back(name, tensor.detach());
  }
  io::write_safetensors(path, tensors,
                        {{"format", "pt"},
                         {"epalm_config", to_json(bundle.config).dump()},
                         {"epalm_frozen", to_json(bundle.prints, bundle.config).dump()}});
}

}  // namespace epalm::train
