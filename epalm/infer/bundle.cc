#include "epalm/infer/bundle.h"

#include <ATen/ATen.h>

#include "epalm/infer/frozen_models.h"
#include "epalm/io/json_file.h"
#include "epalm/io/torch_file.h"
#include "epalm/model/trainable.h"

namespace epalm::infer {
namespace {

bool is_safetensors(const std::filesystem::path& path) {
  return path.extension() == ".safetensors";
}

// A relative path that does not exist here may be meant from the folder of the checkpoint.
void look_beside(std::string& path, const std::filesystem::path& checkpoint) {
  if (path.empty() || std::filesystem::exists(path)) return;
  const auto beside = checkpoint_file(checkpoint).parent_path() / path;
  if (std::filesystem::exists(beside)) path = beside.string();
}

// Without where the machine that wrote the checkpoint keeps packed weights: a file from elsewhere does not choose where
// this one writes.
RunConfig config_from(nlohmann::json json, const std::filesystem::path& origin,
                      const std::vector<std::string>& overrides) {
  if (json.is_object()) json.erase("packed_cache");
  return run_config_from_json(json, origin.string(), overrides);
}

}  // namespace

data::TextRules text_rules(const RunConfig& config) {
  auto rules =
      semantics_named(config.semantics).literal_texts ? data::TextRules::reference() : data::TextRules::causal();
  rules.answer_token = config.special_answer_token;
  if (!config.special_eo_answer_token.empty()) rules.end_token = config.special_eo_answer_token;
  rules.caption_end = rules.caption_end || config.append_eos_token;
  return rules;
}

Bundle load_bundle(const RunConfig& config) {
  auto lm = load_language_model(config);
  auto encoder = load_encoder(config);
  auto tokenizer = load_tokenizer(config);
  require(tokenizer.size() <= lm.config().vocab_size,
          "the tokenizer has {} tokens, the language model '{}' knows {}; they do not belong together",
          tokenizer.size(), config.text_model, lm.config().vocab_size);
  require(config.adapter.injected_hidden_states <= encoder->depth(),
          "injected_hidden_states: expected at most {} (the encoder's depth), got {}", encoder->depth(),
          config.adapter.injected_hidden_states);
  adapter::Adapter adapter(
      config.adapter,
      adapter::random_adapter(config.adapter, model::frozen_sizes(lm.config(), encoder->width()), config.seed));
  Bundle bundle{config,
                std::move(tokenizer),
                model::EPalm(std::move(lm), std::move(encoder), std::move(adapter), semantics_named(config.semantics)),
                text_rules(config),
                {}};
  bundle.prints = frozen_prints(bundle.model);
  model::mark_trainable(bundle.model, config.trainable);
  return bundle;
}

std::filesystem::path checkpoint_file(const std::filesystem::path& checkpoint) {
  if (!std::filesystem::is_directory(checkpoint)) return checkpoint;
  const auto file = checkpoint / "adapter.safetensors";
  require(std::filesystem::exists(file),
          "'{}' is a folder without adapter.safetensors; name an adapter's folder, as RUN/adapter, or a file",
          checkpoint.string());
  return file;
}

nlohmann::json prints_of_checkpoint(const std::filesystem::path& checkpoint) {
  const auto path = checkpoint_file(checkpoint);
  if (!is_safetensors(path)) {
    const auto value = io::read_torch(path);
    return value.is_dict() && value.contains("epalm_frozen") ? io::json_from_value(value.at("epalm_frozen"))
                                                             : nlohmann::json();
  }
  const auto metadata = io::open_tensor_file(path)->metadata();
  const auto found = metadata.find("epalm_frozen");
  return found == metadata.end() ? nlohmann::json() : io::parse_json(found->second, path.string());
}

RunConfig config_of_checkpoint(const std::filesystem::path& checkpoint, const std::vector<std::string>& overrides) {
  if (std::filesystem::is_directory(checkpoint)) {
    const auto config = checkpoint_file(checkpoint).parent_path() / "config.json";
    return config_from(io::read_json_file(config), config, overrides);
  }
  if (is_safetensors(checkpoint)) {
    const auto metadata = io::open_tensor_file(checkpoint)->metadata();
    const auto found = metadata.find("epalm_config");
    require(found != metadata.end(), "'{}' holds no epalm config; it is not an adapter that epalm wrote",
            checkpoint.string());
    return config_from(io::parse_json(found->second, checkpoint.string()), checkpoint, overrides);
  }
  const auto value = io::read_torch(checkpoint);
  return config_from(io::json_from_value(value.at("config")), checkpoint, overrides);
}

Bundle load_bundle(const std::filesystem::path& checkpoint, const std::vector<std::string>& overrides) {
  RunConfig config = config_of_checkpoint(checkpoint, overrides);
  for (std::string* path : {&config.text_model, &config.encoder_weights, &config.tokenizer_name})
    look_beside(*path, checkpoint);
  Bundle bundle = load_bundle(config);
  load_adapter(bundle, checkpoint);
  return bundle;
}

void load_adapter(const Bundle& bundle, const std::filesystem::path& from) {
  const at::NoGradGuard no_grad;
  const auto checkpoint = checkpoint_file(from);
  if (const auto saved = prints_of_checkpoint(checkpoint); !saved.is_null()) {
    check_prints(saved, from, bundle.prints, bundle.config);
  }
  const auto file = io::open_tensor_file(checkpoint);
  const auto parameters = bundle.model.parameters();
  std::vector<nn::WeightSpec> table;
  for (const auto& [name, tensor] : parameters) {
    const bool stands_in_model =
        bundle.model.adapter().weights().contains(name) || (is_safetensors(checkpoint) && tensor.requires_grad());
    if (stands_in_model) table.push_back({name, tensor.sizes().vec()});
  }
  const auto loaded = adapter::load_adapter(table, *file);
  for (const auto& [name, tensor] : parameters) {
    if (loaded.contains(name)) tensor.copy_(loaded.at(name));
  }
  if (is_safetensors(checkpoint)) return;
  const auto value = io::read_torch(checkpoint);
  if (!value.contains("epalm_unfrozen")) return;
  const auto unfrozen = value.at("epalm_unfrozen");
  for (const auto& [name, tensor] : parameters) {
    if (unfrozen.contains(name)) tensor.copy_(unfrozen.at(name).as_tensor());
  }
}

}  // namespace epalm::infer
