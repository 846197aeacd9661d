#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "epalm/train/pretrain.h"
#include "epalm/train/pretrain_encoder.h"
#include "epalm/train/reading.h"
#include "epalm/world/annotators.h"

namespace epalm::train {

// The four models of the tiny world; the names are those of their folders.
enum class WorldModel { kOpt, kVit, kTimesformer, kAst };
std::string_view world_model_name(WorldModel model);  // opt, vit, timesformer, ast
inline constexpr WorldModel kWorldModels[] = {WorldModel::kOpt, WorldModel::kVit, WorldModel::kTimesformer,
                                              WorldModel::kAst};

struct WorldModelOptions {
  // Gets opt/ (tokenizer.json, config.json, model.safetensors), and vit/, timesformer/ and ast/ (the last two).
  std::filesystem::path folder;
  std::vector<WorldModel> models{std::begin(kWorldModels), std::end(kWorldModels)};
  std::optional<int64_t> steps;  // of each training, in place of pretrain_options()
  int64_t gate_scenes = 400;     // test scenes behind each gate's figure
  std::function<void(const std::string& stage, int64_t steps, const PretrainProgress&)> progress = {};
  std::function<bool()> interrupted = {};
};

// How the model is trained by default.
PretrainOptions pretrain_options(WorldModel model);

// The gates of TINY_WORLD.md that do not need an adapter, on scenes with combinations never seen in training; of the
// models that were made.
struct WorldGates {
  std::map<world::Medium, TextCeiling> text;     // of the language model
  std::map<WorldModel, ProbeAccuracy> probes{};  // of the encoders
};

// Makes the tiny world's unimodal models from nothing but seeds: a tokenizer and a language model from text alone, and
// encoders of pictures, clips and recordings from class labels alone; that of clips starts from that of pictures, which
// must be in the folder or among the models. Weights are written in float16. Throws Interrupted when asked to stop;
// finished models stay.
WorldGates make_world_models(const WorldModelOptions& options);

}  // namespace epalm::train
