#pragma once

// Models of the golden cases, built from their files.
#include <fstream>

#include "epalm/adapter/adapter.h"
#include "epalm/encoders/ast.h"
#include "epalm/encoders/timesformer.h"
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

// Sizes that stand in `hyper`; the rest as the file has it.
inline std::shared_ptr<encoders::Timesformer> load_timesformer(const nlohmann::json& hyper,
                                                               const std::filesystem::path& weights) {
  const auto file = io::open_tensor_file(weights);
  auto config = encoders::timesformer_config_of(*file, hyper.at("num_heads"));
  config.image_size_px = hyper.value("img_size", config.image_size_px);
  config.frames = hyper.value("num_frames", config.frames);
  config.space_only_for_images = hyper.value("space_only_for_images", false);
  EXPECT_EQ(config.depth, hyper.at("depth").get<int64_t>());
  EXPECT_EQ(config.patch_size_px, hyper.at("patch_size").get<int64_t>());
  EXPECT_EQ(config.attention, encoders::SpaceTime::kDivided);
  return std::make_shared<encoders::Timesformer>(config, encoders::load_timesformer(config, *file));
}

// For spectrograms of so many bins and frames, from a file made for the published 128 and 1024.
inline std::shared_ptr<encoders::Ast> load_ast(const nlohmann::json& hyper, const std::filesystem::path& weights,
                                               int64_t mel_bins, int64_t frames) {
  const auto file = io::open_tensor_file(weights);
  const auto stored = encoders::ast_config_of(*file, hyper.at("num_heads"));
  EXPECT_EQ(stored.depth, hyper.at("depth").get<int64_t>());
  auto config = stored;
  config.mel_bins = mel_bins;
  config.frames = frames;
  return std::make_shared<encoders::Ast>(config, encoders::load_ast(config, *file, stored));
}

inline std::shared_ptr<const encoders::Encoder> load_encoder(const Case& test_case) {
  const auto& hyper = test_case.manifest.at("hyper").at("vision");
  const std::string kind = hyper.value("kind", "vit");
  if (kind == "timesformer") return load_timesformer(hyper, test_case.file("vision.pth"));
  if (kind == "ast") {
    return load_ast(hyper, test_case.file("vision.pth"), hyper.at("fbank").at(1), hyper.at("fbank").at(0));
  }
  return load_vit(hyper, test_case.file("vision.safetensors"));
}

// Fills what has fields() from an object, anything else as JSON does.
template <typename Config>
void read_fields(Config& config, const nlohmann::json& json) {
  if constexpr (requires { fields(config, [](auto...) {}); }) {
    fields(config, [&](const char* name, auto& field, const char*) {
      if (json.contains(name) && !json.at(name).is_null()) read_fields(field, json.at(name));
    });
  } else if constexpr (requires { config.has_value(); }) {
    read_fields(config.emplace(), json);
  } else {
    json.get_to(config);
  }
}

// The whole model of an epalm_*, gen_*, train_* or rank_answer case; adapter_file as the case names it.
inline model::EPalm load_model(const Case& test_case, const std::string& adapter_file) {
  const auto& hyper = test_case.manifest.at("hyper");
  auto lm = load_opt(test_case.file("config.json"), test_case.file("opt.safetensors"));
  auto encoder = load_encoder(test_case);
  adapter::AdapterConfig config;
  read_fields(config, hyper.at("config"));
  const auto table = adapter::adapter_weights(config, model::frozen_sizes(lm.config(), encoder->width()));
  const auto file = io::open_tensor_file(test_case.file(adapter_file));
  return {std::move(lm), std::move(encoder), adapter::Adapter(config, adapter::load_adapter(table, *file)), kReference};
}

}  // namespace epalm::golden
