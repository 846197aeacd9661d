#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "epalm/train/pretrain.h"
#include "epalm/train/pretrain_encoder.h"
#include "epalm/train/pretrain_lm.h"

namespace epalm::train {

struct WorldModelOptions {
  std::filesystem::path folder;  // gets opt/ (tokenizer.json, config.json, model.safetensors) and vit/ (the last two)
  PretrainOptions lm{.steps = 5000, .batch_size = 64, .learning_rate = 3e-3, .warmup_steps = 300};
  PretrainOptions encoder{.steps = 5500, .batch_size = 64, .learning_rate = 1e-3, .warmup_steps = 300};
  int64_t gate_scenes = 400;  // test scenes behind each gate's figure
  std::function<void(const std::string& stage, int64_t steps, const PretrainProgress&)> progress = {};
  std::function<bool()> interrupted = {};
};

// The gates of TINY_WORLD.md that do not need an adapter, on scenes with colour-shape pairs never seen in training.
struct WorldGates {
  TextCeiling text;
  ProbeAccuracy probe;
};

// Makes the tiny world's unimodal models from nothing but the seeds in the options: a tokenizer and a language model
// from text alone, a ViT from class labels alone. Weights are written in float16. Throws Interrupted when asked to
// stop; finished models stay.
WorldGates make_world_models(const WorldModelOptions& options);

}  // namespace epalm::train
