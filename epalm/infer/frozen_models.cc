#include "epalm/infer/frozen_models.h"

#include <filesystem>

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

encoders::EncoderRequest encoder_request(const RunConfig& config) {
  return {.name = config.vision_model,
          .weights = config.encoder_weights,
          .image_size_px = config.image_res,
          .frames = config.num_frames,
          .space_only_for_images = config.space_only_for_images,
          .mel_bins = config.melbins,
          .spectrogram_frames = config.target_length};
}

std::shared_ptr<const encoders::Encoder> load_encoder(const RunConfig& config) {
  return encoders::load_encoder(encoder_request(config), precision_of(config));
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
