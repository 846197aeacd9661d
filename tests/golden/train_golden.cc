// train_*: parameter groups and learning rates of the published optimiser and schedule.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "epalm/io/tensor_file.h"
#include "epalm/train/parameter_groups.h"
#include "epalm/train/schedule.h"
#include "tests/golden/golden.h"

namespace epalm::golden {
namespace {

using nlohmann::json;

std::optional<double> optional_number(const json& object, const char* key) {
  return object.contains(key) ? std::optional(object[key].get<double>()) : std::nullopt;
}

train::GroupKeys group_keys(const json& object) {
  train::GroupKeys keys;
  keys.customized_lr = object.value("customized_lr", false);
  keys.prompt_lr = optional_number(object, "prompt_lr");
  keys.connector_lr = optional_number(object, "connector_lr");
  keys.vis_lr = optional_number(object, "vis_lr");
  keys.text_lr = optional_number(object, "text_lr");
  keys.adapter_lr = optional_number(object, "adapter_lr");
  return keys;
}

train::ScheduleSettings schedule_settings(const json& object, int64_t step_size) {
  train::ScheduleSettings settings;
  settings.epochs = object.at("epochs");
  settings.min_lr = object.at("min_lr");
  settings.decay_rate = object.at("decay_rate");
  settings.warmup_lr = object.at("warmup_lr");
  settings.warmup_epochs = object.at("warmup_epochs");
  settings.step_size = step_size;
  const json groups = object.value("scheduler_groups", json::array());
  settings.scheduler_groups = groups.is_array() ? groups.get<std::vector<int64_t>>() : std::vector<int64_t>{groups};
  return settings;
}

void add_parameters(const Case& test_case, const std::string& file, const std::string& prefix, bool trained,
                    std::vector<train::Parameter>& parameters) {
  const auto tensors = io::open_tensor_file(test_case.file(file));
  for (const std::string& name : tensors->names()) {
    if (name.starts_with("transformer.")) continue;  // the language model's layers under their second name
    const at::Tensor tensor = tensors->read(name);
    parameters.push_back({prefix + name, tensor.dim(), trained ? tensor : at::Tensor()});
  }
}

std::vector<double> rates(const std::vector<train::ParameterGroup>& groups) {
  std::vector<double> rates;
  for (const auto& group : groups) rates.push_back(group.lr);
  return rates;
}

std::vector<double> row(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.contiguous();
  return {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()};
}

void check_groups_and_rates(const Case& test_case) {
  const json& hyper = test_case.manifest["hyper"];
  const json& config = hyper["config"];
  const json& optimizer = config["optimizer"];
  const bool reads_whole_config = hyper["style"] == "caption";

  std::vector<train::Parameter> parameters;
  add_parameters(test_case, "vision.safetensors", "model_vision.", false, parameters);
  add_parameters(test_case, "opt.safetensors", "model_text.", false, parameters);
  add_parameters(test_case, "adapter_init.safetensors", "", true, parameters);
  auto groups = train::make_groups(parameters, optimizer["lr"], optimizer["weight_decay"],
                                   group_keys(reads_whole_config ? config : optimizer));

  const json& expected = test_case.manifest["optimizer_groups"];
  ASSERT_EQ(groups.size(), expected.size());
  for (size_t i = 0; i < groups.size(); ++i) {
    EXPECT_EQ(groups[i].lr, expected[i]["initial_lr"]) << "group " << i;
    EXPECT_EQ(groups[i].weight_decay, expected[i]["weight_decay"]) << "group " << i;
    EXPECT_EQ(groups[i].parameters.size(), expected[i]["n_params_incl_frozen"]) << "group " << i;
    std::vector<std::string> trained;
    for (const auto& parameter : groups[i].parameters) {
      if (parameter.tensor.defined()) trained.push_back(parameter.name);
    }
    std::vector<std::string> names = expected[i]["trainable_params"];
    std::sort(trained.begin(), trained.end());
    std::sort(names.begin(), names.end());
    EXPECT_EQ(trained, names) << "group " << i;
  }

  const auto file = io::open_tensor_file(test_case.file("expected.safetensors"));
  const train::Schedule schedule(schedule_settings(config["schedular"], hyper["step_size"]), kReference, groups);
  EXPECT_EQ(rates(groups), row(file->read("init_lr")));
  const at::Tensor lr = file->read("lr");  // [steps, groups] float64
  const int64_t batches = hyper["batches_per_epoch"], epochs = hyper["epochs"];
  ASSERT_EQ(lr.size(0), batches * epochs);
  for (int64_t epoch = 0; epoch < epochs; ++epoch) {
    schedule.start_epoch(epoch, groups);
    for (int64_t i = 0; i < batches; ++i) {
      ASSERT_EQ(rates(groups), row(lr[epoch * batches + i])) << "epoch " << epoch << ", batch " << i;
      schedule.after_step(epoch, i, groups);
    }
  }
  for (size_t i = 0; i < groups.size(); ++i) EXPECT_EQ(groups[i].lr, expected[i]["lr"]) << "group " << i;
}

const bool registered = register_check("train_", check_groups_and_rates);

}  // namespace
}  // namespace epalm::golden
