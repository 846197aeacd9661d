#pragma once

// Models of the golden cases, built from their files.
#include <fstream>

#include "epalm/adapter/adapter.h"
#include "epalm/encoders/vit.h"
#include "epalm/lm/opt.h"
#include "epalm/model/epalm_model.h"
#include "tests/golden/golden.h"
#include "tests/golden/tensors.h"

namespace epalm::golden {

inline nlohmann::json read_json(const std::filesystem::path& path) {
  std::ifstream file(path);
  return nlohmann::json::parse(file);
}

inline lm::Opt load_opt(const std::filesystem::path& config, const std::filesystem::path& weights) {
  const auto shape = lm::opt_config_from_json(read_json(config), config.string());
  const auto file = io::open_tensor_file(weights);
  return {shape, nn::load_weights(lm::opt_weights(shape), *file, lm::opt_load_options(nn::Precision::kFloat32))};
}

inline std::shared_ptr<encoders::Vit> load_vit(const nlohmann::json& hyper, const std::filesystem::path& weights) {
  encoders::VitConfig config;
  config.image_size_px = hyper.at("img_size");
  config.patch_size_px = hyper.at("patch_size");
  config.width = hyper.at("embed_dim");
  config.depth = hyper.at("depth");
  config.heads = hyper.at("num_heads");
  config.classes = hyper.at("num_classes");
  config.mlp_width = static_cast<int64_t>(hyper.value("mlp_ratio", 4.0) * static_cast<double>(config.width));
  const auto file = io::open_tensor_file(weights);
  return std::make_shared<encoders::Vit>(config, encoders::load_vit(config, *file));
}

template <typename Config>
void read_fields(Config& config, const nlohmann::json& json) {
  fields(config, [&](const char* name, auto& field, const char*) {
    if (json.contains(name) && !json.at(name).is_null()) json.at(name).get_to(field);
  });
}

// The whole model of an epalm_*, gen_*, train_* or rank_answer case; adapter_file as the case names it.
inline model::EPalm load_model(const Case& test_case, const std::string& adapter_file) {
  const auto& hyper = test_case.manifest.at("hyper");
  auto lm = load_opt(test_case.file("config.json"), test_case.file("opt.safetensors"));
  auto encoder = load_vit(hyper.at("vision"), test_case.file("vision.safetensors"));
  adapter::AdapterConfig config;
  read_fields(config, hyper.at("config"));
  const auto table =
      adapter::adapter_weights(config, encoder->width(), lm.config().hidden_size, lm.config().word_embed_proj_dim);
  const auto file = io::open_tensor_file(test_case.file(adapter_file));
  return {std::move(lm), std::move(encoder), adapter::Adapter(config, nn::load_weights(table, *file)), kReference};
}

}  // namespace epalm::golden
