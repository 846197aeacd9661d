#include "epalm/train/parameter_groups.h"

#include <string_view>

namespace epalm::train {
namespace {

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Group of a parameter for customized_lr, by the first component of its name.
size_t part_of(const std::string& name) {
  const std::string_view first = std::string_view(name).substr(0, name.find('.'));
  if (contains(first, "connector")) return 0;
  if (contains(first, "model_vision")) return 1;
  if (contains(first, "model_text")) return 2;
  if (contains(first, "prompt")) return 3;
  return 4;
}

std::vector<ParameterGroup> groups_by_part(const std::vector<Parameter>& parameters, double lr, double weight_decay,
                                           const GroupKeys& keys) {
  std::vector<ParameterGroup> groups{{"connector", keys.connector_lr.value_or(lr), weight_decay, {}},
                                     {"vision", keys.vis_lr.value_or(lr), weight_decay, {}},
                                     {"text", keys.text_lr.value_or(lr), weight_decay, {}},
                                     {"prompt", keys.prompt_lr.value_or(lr), weight_decay, {}},
                                     {"other", lr, weight_decay, {}}};
  for (const Parameter& parameter : parameters) groups[part_of(parameter.name)].parameters.push_back(parameter);
  return groups;
}

}  // namespace

std::vector<ParameterGroup> make_groups(const std::vector<Parameter>& parameters, double lr, double weight_decay,
                                        const GroupKeys& keys) {
  if (keys.customized_lr) return groups_by_part(parameters, lr, weight_decay, keys);

  // A rate of 0 selects no branch, as an absent one.
  const double adapter_lr = keys.adapter_lr.value_or(0), prompt_lr = keys.prompt_lr.value_or(0);
  if (adapter_lr != 0 || prompt_lr != 0) {
    ParameterGroup other{"other", lr, weight_decay, {}};
    ParameterGroup adapter{"adapter", adapter_lr, weight_decay, {}};
    ParameterGroup prompt{"prompt", prompt_lr, weight_decay, {}};
    for (const Parameter& parameter : parameters) {
      if (adapter_lr != 0 && contains(parameter.name, "adapter")) {
        adapter.parameters.push_back(parameter);
      } else if (prompt_lr != 0 && contains(parameter.name, "prompt")) {
        prompt.parameters.push_back(parameter);
      } else {
        other.parameters.push_back(parameter);
      }
    }
    std::vector<ParameterGroup> groups{std::move(other)};
    if (adapter_lr != 0) groups.push_back(std::move(adapter));
    if (prompt_lr != 0) groups.push_back(std::move(prompt));
    return groups;
  }

  if (weight_decay == 0) return {{"all", lr, 0, parameters}};
  std::vector<ParameterGroup> groups{{"no decay", lr, 0, {}}, {"decay", lr, weight_decay, {}}};
  for (const Parameter& parameter : parameters) {
    const bool plain = parameter.dimensions == 1 || parameter.name.ends_with(".bias");
    groups[plain ? 0 : 1].parameters.push_back(parameter);
  }
  return groups;
}

std::map<std::string, int64_t> state_indices(const std::vector<ParameterGroup>& groups) {
  std::map<std::string, int64_t> indices;
  int64_t next = 0;
  for (const ParameterGroup& group : groups) {
    for (const Parameter& parameter : group.parameters) indices.emplace(parameter.name, next++);
  }
  return indices;
}

}  // namespace epalm::train
