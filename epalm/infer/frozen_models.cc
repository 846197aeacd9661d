#include "epalm/infer/frozen_models.h"

#include <filesystem>

#include "epalm/base/log.h"
#include "epalm/encoders/ast.h"
#include "epalm/encoders/timesformer.h"
#include "epalm/hub/model_folder.h"
#include "epalm/infer/packed_cache.h"
#include "epalm/infer/precision.h"
#include "epalm/infer/published_encoders.h"
#include "epalm/io/json_file.h"
#include "epalm/text/load_tokenizer.h"

namespace epalm::infer {
namespace {

// Says of a model in which precision it is kept, where the config left that to the memory that is free.
void tell_precision(const std::string& model, const std::string& chosen, bool left_open) {
  if (left_open && chosen != "fp32") {
    log_info("{} is kept in {}: finer numbers would not leave enough memory free", model, chosen);
  }
}

// The weight file of an encoder that is a name of the hub, or that the config names by its shape alone.
std::filesystem::path encoder_from_hub(const RunConfig& config) {
  const std::string published = published_weights(config.vision_model);
  const std::string where = published.empty()
                                ? ""
                                : fmt::format("; the published weights of {} are {}: load that file and give its path",
                                              config.vision_model, published);
  const std::string name = config.encoder_weights.empty() ? hub_weights(config.vision_model) : config.encoder_weights;
  require(hub::is_model_name(name), "encoder_weights '{}' does not exist{}", config.encoder_weights, where);
  try {
    const auto folder =
        hub::model_folder(name, hub::Wanted::kWeights, "encoder_weights", hub::hub_options_from_environment());
    // The file, not the folder, whose config.json is another program's.
    return io::open_tensor_file(folder)->path();
  } catch (const Interrupted&) {
    throw;
  } catch (const Error& error) {
    fail("{}{}", error.what(), where);
  }
}

PackedSource packed_source(const encoders::EncoderRequest& request, const encoders::EncoderConfig& shape,
                           nn::Precision precision) {
  PackedSource source{.model = fmt::format("{} {} px, {} frames, space only {}, {} bins, {} frames", request.name,
                                           request.image_size_px, request.frames, request.space_only_for_images,
                                           request.mel_bins, request.spectrogram_frames),
                      .files = io::open_tensor_file(request.weights)->files(),
                      .table = encoders::encoder_weights(shape),
                      .precision = precision};
  if (std::filesystem::is_directory(request.weights)) source.files.push_back(request.weights / "config.json");
  return source;
}

// That the encoder takes what the task shows it.
void check_encoder(const RunConfig& config, const encoders::Encoder& encoder) {
  const bool hears = dynamic_cast<const encoders::Ast*>(&encoder) != nullptr;
  const bool sees_clips = dynamic_cast<const encoders::Timesformer*>(&encoder) != nullptr;
  const Modality modality = modality_of(config.task);
  // A TimeSformer looks at pictures and, as published, at spectrograms too.
  require(sees_clips || hears == (modality == Modality::kAudio),
          "encoder_weights '{}': the task {} is about {} media, and the encoder takes {}; name another encoder or task",
          config.encoder_weights, task_name(config.task), modality_name(modality), hears ? "spectrograms" : "pictures");
  if (modality != Modality::kVideo) return;
  require(sees_clips || config.as_images,
          "encoder_weights '{}' takes pictures, not clips; add as_images: true to show it the frames one by one",
          config.encoder_weights);
  require(!sees_clips || !config.as_images,
          "encoder_weights '{}' takes clips; leave as_images: true out, which shows frames one by one",
          config.encoder_weights);
}

}  // namespace

lm::Opt load_language_model(const RunConfig& config) {
  const auto folder =
      hub::model_folder(config.text_model, hub::Wanted::kModel, "text_model", hub::hub_options_from_environment());
  const auto path = folder / "config.json";
  const auto shape = lm::opt_config_from_json(io::read_json_file(path), path.string());
  const std::string chosen = lm_precision(config, shape, free_memory_bytes());
  tell_precision(config.text_model, chosen, config.precision == "auto");
  const auto file = io::open_tensor_file(folder);
  const nn::Precision precision = precision_named(chosen);
  PackedSource source{.model = "opt", .files = file->files(), .table = lm::opt_weights(shape), .precision = precision};
  source.files.push_back(path);
  return {shape, packed_weights(config, source, [&] {
            return nn::load_weights(source.table, *file, lm::opt_load_options(precision));
          })};
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
  encoders::EncoderRequest request = encoder_request(config);
  if (!std::filesystem::exists(request.weights)) request.weights = encoder_from_hub(config);
  const auto shape = encoders::encoder_config(request);
  const auto table = encoders::encoder_weights(shape);
  const std::string chosen = encoder_precision(config, table, free_memory_bytes());
  tell_precision(config.encoder_weights, chosen, config.encoder_precision.empty() && config.precision == "auto");
  const nn::Precision precision = precision_named(chosen);
  nn::Weights weights = packed_weights(config, packed_source(request, shape, precision),
                                       [&] { return encoders::load_encoder_weights(request, precision); });
  const auto encoder = encoders::make_encoder(shape, std::move(weights));
  check_encoder(config, *encoder);
  return encoder;
}

text::Tokenizer load_tokenizer(const RunConfig& config) {
  const bool own = !config.tokenizer_name.empty();
  text::Tokenizer tokenizer = text::load_tokenizer(
      hub::model_folder(own ? config.tokenizer_name : config.text_model, hub::Wanted::kTokenizer,
                        own ? "tokenizer_name" : "text_model", hub::hub_options_from_environment()));
  for (const auto& token : {config.special_answer_token, config.special_eo_answer_token}) {
    if (!token.empty()) tokenizer.add_token(token);
  }
  return tokenizer;
}

}  // namespace epalm::infer
