#include "epalm/eval/feature_key.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "epalm/base/checksum.h"
#include "epalm/base/error.h"
#include "epalm/base/semantics.h"
#include "epalm/encoders/ast.h"
#include "epalm/encoders/timesformer.h"
#include "epalm/encoders/vit.h"
#include "epalm/hub/sha256.h"
#include "epalm/infer/frozen_prints.h"

namespace epalm::eval {
namespace {

using nlohmann::json;

// To be raised when the program computes other features of the same medium.
constexpr int kFeaturesVersion = 1;

// What cannot be seen in the names and shapes of the weights.
json shape_of(const encoders::Encoder& encoder) {
  if (const auto* vit = dynamic_cast<const encoders::Vit*>(&encoder)) {
    return {{"architecture", "vit"}, {"heads", vit->config().heads}};
  }
  if (const auto* timesformer = dynamic_cast<const encoders::Timesformer*>(&encoder)) {
    const auto& shape = timesformer->config();
    return {{"architecture", "timesformer"},
            {"heads", shape.heads},
            {"frames", shape.frames},
            {"attention", static_cast<int>(shape.attention)},
            {"space_only_for_images", shape.space_only_for_images}};
  }
  const auto* ast = dynamic_cast<const encoders::Ast*>(&encoder);
  EPALM_ASSERT(ast != nullptr);
  return {{"architecture", "ast"}, {"heads", ast->config().heads}, {"stride", ast->config().stride}};
}

// The fingerprint is of a few numbers of each tensor, rounded, and leaves the position tables out: an encoder of which
// little was trained has the same, and one of another precision too.
std::string bits_of(const nn::Weights& weights) {
  uint64_t sum = 0;
  const auto add = [&](const at::Tensor& tensor) {
    const at::Tensor values = tensor.detach().contiguous();
    sum = checksum(std::span(static_cast<const std::byte*>(values.data_ptr()), values.nbytes()), sum);
  };
  for (const auto& [name, tensor] : weights.items()) {
    if (const nn::QuantizedMatrix* matrix = weights.quantized(name)) {
      add(matrix->values());
      add(matrix->scales());
    } else {
      add(tensor);
    }
  }
  return fmt::format("{:016x}", sum);
}

bool draws_frames(const infer::RunConfig& config) {
  return infer::modality_of(config.task) == infer::Modality::kVideo &&
         semantics_named(config.semantics).evaluation_draws_frames;
}

json transform_of(const infer::RunConfig& config) {
  switch (infer::modality_of(config.task)) {
    case infer::Modality::kImage:
      return {{"image_res", config.image_res}};
    case infer::Modality::kVideo: {
      json transform{
          {"image_res", config.image_res}, {"num_frames", config.num_frames}, {"as_images", config.as_images}};
      if (draws_frames(config)) transform.update({{"sample_type", config.sample_type}, {"run_seed", config.seed}});
      return transform;
    }
    case infer::Modality::kAudio:
      break;
  }
  json transform{{"melbins", config.melbins}, {"target_length", config.target_length}, {"skip_norm", config.skip_norm}};
  if (!config.skip_norm) transform.update({{"norm_mean", config.norm_mean}, {"norm_std", config.norm_std}});
  return transform;
}

// What training does to a view of a medium besides what the recipe holds.
json augmentation_of(const infer::RunConfig& config, const std::string& content, int64_t view) {
  json augmentation{{"seed", view_seed(config, content, view)}};
  switch (infer::modality_of(config.task)) {
    case infer::Modality::kImage:
      break;
    case infer::Modality::kVideo:
      augmentation.update({{"sample_type", config.sample_type}});
      break;
    case infer::Modality::kAudio:
      augmentation.update({{"freqm_p", config.freqm_p}, {"timem_p", config.timem_p}, {"noise", config.noise}});
  }
  return augmentation;
}

}  // namespace

std::string feature_recipe(const infer::RunConfig& config, const encoders::Encoder& encoder) {
  const json recipe{{"version", kFeaturesVersion},
                    {"modality", infer::modality_name(infer::modality_of(config.task))},
                    {"semantics", config.semantics},
                    {"transform", transform_of(config)},
                    {"encoder",
                     {{"print", infer::fingerprint(encoder.weights())},
                      {"bits", bits_of(encoder.weights())},
                      {"shape", shape_of(encoder)}}},
                    {"encoder_tokens", config.adapter.encoder_tokens},
                    {"injected_hidden_states", config.adapter.injected_hidden_states},
                    {"kept_as", config.feature_cache_precision}};
  return recipe.dump(-1, ' ', false, json::error_handler_t::replace);
}

bool features_are_of_one_medium(const infer::RunConfig& config, const encoders::Encoder& encoder) {
  return infer::modality_of(config.task) != infer::Modality::kAudio ||
         dynamic_cast<const encoders::Timesformer*>(&encoder) == nullptr;
}

std::string feature_key(const infer::RunConfig& config, const std::string& recipe, const std::filesystem::path& file,
                        View view) {
  const std::string content = content_hash(file);
  if (content.empty()) return "";
  std::string text = recipe + "\n" + content + "\n";
  if (view) {
    text += fmt::format("\n{}", augmentation_of(config, content, *view).dump());
  } else if (draws_frames(config)) {
    text += file.filename().string();
  }
  return hub::sha256_hex(text);
}

}  // namespace epalm::eval
