#include "epalm/reproduce/ablations.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "epalm/encoders/load_encoder.h"
#include "epalm/infer/frozen_models.h"
#include "epalm/reproduce/methods.h"

namespace epalm::reproduce {
namespace {

using Strings = std::vector<std::string>;

// The keys of the final variant with others over them.
Keys final_with(const Strings& changed) {
  Strings keys = final_variant_keys();
  keys.insert(keys.end(), changed.begin(), changed.end());
  return keys;
}

Row setting(const char* group, std::string name, std::string label, std::string what,
            std::function<Keys(const Setting&)> keys) {
  return {std::move(name), group, std::move(label), std::move(what), false, std::move(keys)};
}

struct Layers {
  int64_t start, end;
};

Row layers_row(const char* name, const char* label, const char* what, std::function<Layers(int64_t lm_layers)> range) {
  return setting("layers", name, label, what, [range](const Setting& setting) -> Keys {
    const auto [start, end] = range(setting.lm_layers);
    if (start >= end) return {};
    return final_with({fmt::format("start_layer_idx={}", start), fmt::format("end_layer_idx={}", end)});
  });
}

void add_layers(std::vector<Row>& rows) {
  rows.push_back(layers_row("layers_all", "all", "a token before every layer", [](int64_t layers) {
    return Layers{0, layers};
  }));
  rows.push_back(layers_row("layers_first", "first", "before layer 0 alone", [](int64_t) { return Layers{0, 1}; }));
  rows.push_back(layers_row("layers_lower", "lower half", "before the layers of the lower half", [](int64_t layers) {
    return Layers{0, layers / 2};
  }));
  rows.push_back(layers_row("layers_upper", "upper half", "before the layers of the upper half", [](int64_t layers) {
    return Layers{layers / 2, layers};
  }));
  rows.push_back(layers_row("layers_last", "last", "before the last layer alone", [](int64_t layers) {
    return Layers{layers - 1, layers};
  }));
  rows.push_back(layers_row("layers_published", "as published", "the share of the published 19 to 31 of 32 layers",
                            [](int64_t layers) {
                              const auto share = [&](double of_32) {
                                return static_cast<int64_t>(std::lround(of_32 / 32 * static_cast<double>(layers)));
                              };
                              return Layers{share(19), share(31)};
                            }));
}

Keys several(const Setting& setting, int64_t states, const Strings& changed) {
  if (states > setting.encoder_depth || states > setting.injected_layers()) return {};
  Strings keys{fmt::format("injected_hidden_states={}", states)};
  keys.insert(keys.end(), changed.begin(), changed.end());
  return final_with(keys);
}

void add_states(std::vector<Row>& rows) {
  for (const int64_t states : {1, 2, 3, 4, 6}) {
    rows.push_back(setting("states", fmt::format("states_{}", states), fmt::format("{}", states),
                           fmt::format("CLS of the last {} states, one shared connector", states),
                           [states](const Setting& setting) { return several(setting, states, {}); }));
  }
}

void add_steps(std::vector<Row>& rows) {
  for (const int64_t step : {1, 2, 3}) {
    rows.push_back(setting("step", fmt::format("step_{}", step), fmt::format("{}", step),
                           step == 1 ? "before every layer of the range"
                                     : fmt::format("before layers whose index is a multiple of {}", step),
                           [step](const Setting& setting) -> Keys {
                             if (step > std::max<int64_t>(1, setting.injected_layers() - 1)) return {};
                             return final_with({fmt::format("text_step={}", step)});
                           }));
  }
  rows.push_back(setting(
      "step", "step_every_state", "several states, every layer",
      "several states, each before all layers of its share (select_higher_step: false)",
      [](const Setting& setting) { return several(setting, several_states(setting), {"select_higher_step=false"}); }));
  rows.push_back(setting(
      "step", "step_once_a_state", "several states, once each",
      "several states, each before one layer alone (select_higher_step: true)",
      [](const Setting& setting) { return several(setting, several_states(setting), {"select_higher_step=true"}); }));
}

void add_connectors(std::vector<Row>& rows) {
  rows.push_back(setting("connector", "connector_shared", "shared", "several states, one connector for all",
                         [](const Setting& setting) { return several(setting, several_states(setting), {}); }));
  rows.push_back(setting(
      "connector", "connector_separate", "separate", "several states, a connector for each",
      [](const Setting& setting) { return several(setting, several_states(setting), {"shared_connector=false"}); }));
}

void add_prompts(std::vector<Row>& rows) {
  for (const int64_t length : {0, 1, 5, 10, 20, 50}) {
    rows.push_back(setting("prompt_length", fmt::format("prompt_{}", length), fmt::format("{}", length),
                           length == 0 ? "no prompt" : fmt::format("{} soft tokens", length), [length](const Setting&) {
                             return final_with(length == 0 ? Strings{"prompt_tuning=false"}
                                                           : Strings{fmt::format("prompt_len={}", length)});
                           }));
  }
  rows.push_back(setting("prompt_mlp", "mlp_without", "without", "the prompt's rows stand before the text as they are",
                         [](const Setting&) { return final_with({}); }));
  rows.push_back(
      setting("prompt_mlp", "mlp_with", "with", "they pass through Linear, tanh, Linear", [](const Setting& setting) {
        return final_with({"mlp=true", fmt::format("optimizer.prompt_lr={}", setting.base.optimizer.lr / 2)});
      }));
}

// Fewer samples get more epochs, so that the number of steps does not vanish with them.
constexpr double kMostEpochs = 20;  // times those of the base

void add_shares(std::vector<Row>& rows) {
  for (const double percent : {0.1, 1.0, 10.0, 100.0}) {
    rows.push_back(
        setting("data", fmt::format("data_{:g}", percent), fmt::format("{:g} %", percent),
                percent == 100 ? "all training samples"
                               : fmt::format("{:g} % of the training samples, drawn by the seed, in {:g} times "
                                             "the epochs",
                                             percent, std::min(kMostEpochs, 100 / percent)),
                [percent](const Setting& setting) {
                  const auto epochs = static_cast<int64_t>(static_cast<double>(setting.base.schedule.epochs) *
                                                           std::min(kMostEpochs, 100 / percent));
                  return percent == 100 ? final_with({})
                                        : final_with({fmt::format("train_topk={:g}", percent / 100),
                                                      fmt::format("schedular.epochs={}", epochs)});
                }));
  }
}

std::string quoted(const std::string& key, const std::filesystem::path& value) {
  return key + "=" + nlohmann::json(value.string()).dump();  // as YAML reads it too
}

std::string name_of(const std::filesystem::path& model) {
  return (model.has_filename() ? model : model.parent_path()).filename().string();
}

void add_models(const OtherModels& others, std::vector<Row>& rows) {
  rows.push_back(setting("lm_size", "lm_base", "the base's",
                         others.language_models.empty()
                             ? "the language model of the base: the only one here, --add-text-model adds others"
                             : "the language model of the base",
                         [](const Setting&) { return final_with({}); }));
  for (const auto& model : others.language_models) {
    rows.push_back(setting("lm_size", "lm_" + name_of(model), name_of(model), "the language model in " + model.string(),
                           [model](const Setting& base) {
                             // The layers of the base are counted in its own model; another one gets all of its own.
                             infer::RunConfig config = base.base;
                             config.text_model = model.string();
                             return final_with({quoted("text_model", model), "start_layer_idx=0",
                                                fmt::format("end_layer_idx={}", setting_of(config).lm_layers)});
                           }));
  }
  rows.push_back(setting("encoder_size", "encoder_base", "the base's",
                         others.encoders.empty()
                             ? "the encoder of the base: the only one here, --add-vision-model adds others"
                             : "the encoder of the base",
                         [](const Setting&) { return final_with({}); }));
  for (const auto& model : others.encoders) {
    rows.push_back(setting("encoder_size", "encoder_" + name_of(model), name_of(model),
                           "the encoder in " + model.string(), [model](const Setting& base) -> Keys {
                             infer::RunConfig config = base.base;
                             const auto of_base = encoders::encoder_config(infer::encoder_request(config));
                             config.encoder_weights = model.string();
                             // Another architecture takes other media.
                             if (encoders::encoder_config(infer::encoder_request(config)).index() != of_base.index())
                               return {};
                             return final_with({quoted("encoder_weights", model)});
                           }));
  }
}

void add_semantics(std::vector<Row>& rows) {
  for (const char* name : {"causal", "reference"}) {
    rows.push_back(
        setting("semantics", std::string("semantics_") + name, name,
                name == std::string("causal") ? "what the method means" : "what the published program computes",
                [name](const Setting&) { return final_with({std::string("semantics=") + name}); }));
  }
}

}  // namespace

std::vector<Row> ablation_rows(const OtherModels& others) {
  std::vector<Row> rows;
  add_layers(rows);
  add_states(rows);
  add_steps(rows);
  add_connectors(rows);
  add_prompts(rows);
  add_shares(rows);
  add_models(others, rows);
  add_semantics(rows);
  return rows;
}

}  // namespace epalm::reproduce
