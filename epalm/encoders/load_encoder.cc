#include "epalm/encoders/load_encoder.h"

#include <optional>

#include "epalm/base/error.h"
#include "epalm/encoders/ast.h"
#include "epalm/encoders/timesformer.h"
#include "epalm/encoders/vit.h"
#include "epalm/io/json_file.h"

namespace epalm::encoders {
namespace {

// What cannot be seen in the weights.
struct Facts {
  Architecture architecture = Architecture::kVit;
  int64_t heads = 0;  // 0: by width
  SpaceTime attention = SpaceTime::kDivided;
  int64_t mel_bins = 128;
  int64_t frames = 1024;
  int64_t stride = 10;
};

Facts facts_of(const EncoderRequest& request) {
  Facts facts;
  facts.architecture = architecture_of(request.name);
  if (!std::filesystem::is_directory(request.weights)) return facts;
  const auto path = request.weights / "config.json";
  const auto json = io::read_json_file(path);
  require(json.is_object(), "'{}': expected a JSON object with the integer key heads", path.string());
  const auto number = [&](const char* key, int64_t& field) {
    if (!json.contains(key)) return;
    const bool fits = json[key].is_number_integer() && json[key] >= 1 && json[key] <= 1'000'000;
    require(fits, "'{}': {}: expected a whole number from 1 to 1000000, got {}", path.string(), key,
            json[key].dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).substr(0, 60));
    field = json[key].get<int64_t>();
  };
  const auto text = [&](const char* key) -> std::optional<std::string> {
    if (!json.contains(key)) return {};
    require(json[key].is_string(), "'{}': {}: expected a text", path.string(), key);
    return json[key].get<std::string>();
  };
  require(json.contains("heads"), "'{}': expected a JSON object with the integer key heads", path.string());
  number("heads", facts.heads);
  number("mel_bins", facts.mel_bins);
  number("frames", facts.frames);
  number("stride", facts.stride);
  if (const auto name = text("attention")) {
    const auto attention = space_time_named(*name);
    require(attention.has_value(),
            "'{}': attention: expected divided_space_time, joint_space_time or space_only, got '{}'", path.string(),
            *name);
    facts.attention = *attention;
  }
  if (const auto architecture = text("architecture")) {
    require(*architecture == "vit" || *architecture == "timesformer" || *architecture == "ast",
            "'{}': architecture: expected vit, timesformer or ast, got '{}'", path.string(), *architecture);
    facts.architecture = architecture_of(*architecture);
  }
  return facts;
}

AstConfig stored_ast(const io::TensorFile* file, const Facts& facts) {
  return file ? ast_config_of(*file, facts.heads, facts.mel_bins, facts.frames, facts.stride) : AstConfig{};
}

EncoderConfig config_for(const EncoderRequest& request, const Facts& facts, const io::TensorFile* file) {
  switch (facts.architecture) {
    case Architecture::kVit: {
      VitConfig config = file ? vit_config_of(*file, facts.heads) : vit_shape(request.name);
      require(request.image_size_px % config.patch_size_px == 0,
              "image_res {} is not a multiple of the encoder's patch size {}", request.image_size_px,
              config.patch_size_px);
      config.image_size_px = request.image_size_px;
      return config;
    }
    case Architecture::kTimesformer: {
      TimesformerConfig config = file ? timesformer_config_of(*file, facts.heads) : TimesformerConfig{};
      require(request.image_size_px >= config.patch_size_px, "image_res {} is less than the encoder's patch size {}",
              request.image_size_px, config.patch_size_px);
      require(request.frames >= 1, "num_frames: expected at least 1, got {}", request.frames);
      config.image_size_px = request.image_size_px;
      config.frames = request.frames;
      config.attention = facts.attention;
      config.space_only_for_images = request.space_only_for_images;
      return config;
    }
    case Architecture::kAst:
      break;
  }
  AstConfig config = stored_ast(file, facts);
  require(request.mel_bins >= config.patch_size && request.spectrogram_frames >= config.patch_size,
          "melbins {} and target_length {}: expected at least {}, the encoder's patch size", request.mel_bins,
          request.spectrogram_frames, config.patch_size);
  config.mel_bins = request.mel_bins;
  config.frames = request.spectrogram_frames;
  return config;
}

std::unique_ptr<io::TensorFile> open_if_there(const std::filesystem::path& weights) {
  return !weights.empty() && std::filesystem::exists(weights) ? io::open_tensor_file(weights) : nullptr;
}

}  // namespace

Architecture architecture_of(const std::string& name) {
  if (name.find("timesformer") != std::string::npos) return Architecture::kTimesformer;
  return name.find("ast") != std::string::npos ? Architecture::kAst : Architecture::kVit;
}

EncoderConfig encoder_config(const EncoderRequest& request) {
  const auto file = open_if_there(request.weights);
  return config_for(request, facts_of(request), file.get());
}

std::vector<nn::WeightSpec> encoder_weights(const EncoderConfig& config) {
  if (const auto* vit = std::get_if<VitConfig>(&config)) return vit_weights(*vit);
  if (const auto* timesformer = std::get_if<TimesformerConfig>(&config)) return timesformer_weights(*timesformer);
  return ast_weights(std::get<AstConfig>(config));
}

int64_t encoder_width(const EncoderConfig& config) {
  return std::visit([](const auto& shape) { return shape.width; }, config);
}

std::shared_ptr<const Encoder> make_encoder(const EncoderConfig& config, nn::Weights weights) {
  if (const auto* vit = std::get_if<VitConfig>(&config)) return std::make_shared<Vit>(*vit, std::move(weights));
  if (const auto* timesformer = std::get_if<TimesformerConfig>(&config)) {
    return std::make_shared<Timesformer>(*timesformer, std::move(weights));
  }
  return std::make_shared<Ast>(std::get<AstConfig>(config), std::move(weights));
}

nn::Weights load_encoder_weights(const EncoderRequest& request, nn::Precision precision) {
  const auto file = open_if_there(request.weights);
  require(file != nullptr,
          "encoder_weights '{}' does not exist; give the weight file or folder of {} (timm state dict, AugReg .npz, "
          "TimeSformer .pyth, AST .pth or safetensors)",
          request.weights.string(), request.name);
  const Facts facts = facts_of(request);
  const EncoderConfig config = config_for(request, facts, file.get());
  if (const auto* vit = std::get_if<VitConfig>(&config)) return load_vit(*vit, *file, precision);
  if (const auto* timesformer = std::get_if<TimesformerConfig>(&config)) {
    return load_timesformer(*timesformer, *file, precision);
  }
  return load_ast(std::get<AstConfig>(config), *file, stored_ast(file.get(), facts), precision);
}

std::shared_ptr<const Encoder> load_encoder(const EncoderRequest& request, nn::Precision precision) {
  nn::Weights weights = load_encoder_weights(request, precision);
  return make_encoder(encoder_config(request), std::move(weights));
}

}  // namespace epalm::encoders
