#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "epalm/encoders/ast_config.h"
#include "epalm/encoders/encoder.h"
#include "epalm/encoders/timesformer_config.h"
#include "epalm/encoders/vit_config.h"

namespace epalm::encoders {

enum class Architecture { kVit, kTimesformer, kAst };
// Of a vision_model_name, by the words that the published code looks for (SPEC.md §9).
Architecture architecture_of(const std::string& name);

// What a run says of its encoder.
struct EncoderRequest {
  std::string name = "vit_base_patch16_224";  // as vision_model_name: a timm ViT, "timesformer" or "ast"
  // A weight file, or a folder with weights and a config.json: architecture (vit, timesformer or ast; absent: by name),
  // heads, for a TimeSformer attention, for an AST the mel_bins, frames and stride that its table was made for.
  std::filesystem::path weights;
  int64_t image_size_px = 224;
  int64_t frames = 4;  // of a clip
  bool space_only_for_images = false;
  int64_t mel_bins = 128;
  int64_t spectrogram_frames = 1024;
};

using EncoderConfig = std::variant<VitConfig, TimesformerConfig, AstConfig>;

// The shape of the encoder with the tables that the request needs: read off its weights where these exist, else the
// published one of its name. Throws Error for a request that the encoder cannot meet.
EncoderConfig encoder_config(const EncoderRequest& request);
std::vector<nn::WeightSpec> encoder_weights(const EncoderConfig& config);
int64_t encoder_width(const EncoderConfig& config);

// weights: named and shaped as encoder_weights(config) says.
std::shared_ptr<const Encoder> make_encoder(const EncoderConfig& config, nn::Weights weights);

// The weights of encoder_config(request) from request.weights. Throws Error where these do not exist or do not fit.
nn::Weights load_encoder_weights(const EncoderRequest& request, nn::Precision precision = nn::Precision::kFloat32);

// Both together.
std::shared_ptr<const Encoder> load_encoder(const EncoderRequest& request,
                                            nn::Precision precision = nn::Precision::kFloat32);

}  // namespace epalm::encoders
