#include "epalm/infer/frozen_models.h"

#include <filesystem>

#include "epalm/encoders/vit.h"
#include "epalm/io/json_file.h"
#include "epalm/text/load_tokenizer.h"

namespace epalm::infer {
namespace {

nn::Precision precision_of(const RunConfig& config) {
  return config.precision == "bf16" ? nn::Precision::kBFloat16 : nn::Precision::kFloat32;
}

}  // namespace

lm::Opt load_language_model(const RunConfig& config) {
  const std::filesystem::path folder = config.text_model;
  require(std::filesystem::is_directory(folder),
          "text_model '{}' is not a folder; give the folder of an OPT model with config.json and its weights",
          config.text_model);
  const auto path = folder / "config.json";
  const auto shape = lm::opt_config_from_json(io::read_json_file(path), path.string());
  const auto file = io::open_tensor_file(folder);
  return {shape, nn::load_weights(lm::opt_weights(shape), *file, lm::opt_load_options(precision_of(config)))};
}

std::shared_ptr<const encoders::Encoder> load_encoder(const RunConfig& config) {
  const std::filesystem::path path = config.encoder_weights;
  require(!path.empty() && std::filesystem::exists(path),
          "encoder_weights '{}' does not exist; give the weight file or folder of {} (timm state dict, AugReg .npz or "
          "safetensors)",
          config.encoder_weights, config.vision_model);
  int64_t heads = 0;
  if (std::filesystem::is_directory(path)) {
    const auto json = io::read_json_file(path / "config.json");
    require(json.is_object() && json.contains("heads") && json["heads"].is_number_integer(),
            "'{}': expected a JSON object with the integer key heads", (path / "config.json").string());
    heads = json["heads"].get<int64_t>();
  }
  const auto file = io::open_tensor_file(path);
  auto shape = encoders::vit_config_of(*file, heads);
  require(config.image_res % shape.patch_size_px == 0, "image_res {} is not a multiple of the encoder's patch size {}",
          config.image_res, shape.patch_size_px);
  shape.image_size_px = config.image_res;
  return std::make_shared<encoders::Vit>(shape, encoders::load_vit(shape, *file, precision_of(config)));
}

text::Tokenizer load_tokenizer(const RunConfig& config) {
  text::Tokenizer tokenizer =
      text::load_tokenizer(config.tokenizer_name.empty() ? config.text_model : config.tokenizer_name);
  for (const auto& token : {config.special_answer_token, config.special_eo_answer_token}) {
    if (!token.empty()) tokenizer.add_token(token);
  }
  return tokenizer;
}

}  // namespace epalm::infer
