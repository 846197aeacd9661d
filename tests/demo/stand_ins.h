#pragma once

// The files that a demo needs, small enough for a test: models with random weights beside the shipped configurations.
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "epalm/demo/demo.h"
#include "epalm/encoders/ast_config.h"
#include "epalm/encoders/timesformer_config.h"
#include "epalm/encoders/vit_config.h"
#include "epalm/io/safetensors.h"
#include "epalm/lm/opt_config.h"
#include "epalm/text/bpe_trainer.h"
#include "epalm/world/audio_document.h"
#include "epalm/world/document.h"
#include "epalm/world/video_document.h"
#include "tests/train/tiny_run.h"

namespace epalm::demo {

inline void write_stand_in(const std::filesystem::path& folder, const nlohmann::json& config,
                           const std::vector<nn::WeightSpec>& weights) {
  std::filesystem::create_directories(folder);
  train::write_text(folder / "config.json", config.dump());
  io::write_safetensors(folder / "model.safetensors", nn::random_weights(weights, 1, 0.1).items());
}

inline void write_language_model(const std::filesystem::path& folder) {
  lm::OptConfig opt;
  opt.vocab_size = 300;
  opt.hidden_size = opt.word_embed_proj_dim = 16;
  opt.num_hidden_layers = 6;  // as the shipped configurations expect
  opt.num_attention_heads = 2;
  opt.ffn_dim = 32;
  opt.max_position_embeddings = 512;
  write_stand_in(folder, lm::to_json(opt), lm::opt_weights(opt));
  PythonRandom random(3);
  int made = 0;
  train::write_text(folder / "tokenizer.json", text::train_bpe(
                                                   [&](std::string& text) {
                                                     text = made % 3 == 0   ? world::corpus(random, 1).front()
                                                            : made % 3 == 1 ? world::video_corpus(random, 1).front()
                                                                            : world::audio_corpus(random, 1).front();
                                                     return made++ < 300;
                                                   },
                                                   300, {"<s>", "<pad>", "</s>", "<unk>"}, {"</a>"}));
}

// folder/tiny_world: what DemoOptions::assets names.
inline void write_stand_ins(const std::filesystem::path& folder) {
  const auto models = folder / "tiny_world";
  write_language_model(models / "opt");
  encoders::VitConfig vit{.image_size_px = 48, .patch_size_px = 16, .width = 12, .depth = 2, .heads = 2};
  vit.mlp_width = 24;
  vit.classes = 0;
  write_stand_in(models / "vit", {{"heads", 2}}, encoders::vit_weights(vit));
  encoders::TimesformerConfig timesformer;
  timesformer.image_size_px = 48;
  timesformer.width = 12;
  timesformer.depth = 2;
  timesformer.heads = 2;
  timesformer.mlp_width = 24;
  timesformer.classes = 0;
  write_stand_in(models / "timesformer", {{"architecture", "timesformer"}, {"heads", 2}},
                 encoders::timesformer_weights(timesformer));
  encoders::AstConfig ast{.mel_bins = 64, .frames = 256, .width = 12, .depth = 2, .heads = 2, .mlp_width = 24};
  ast.image_classes = ast.sound_classes = 0;
  write_stand_in(models / "ast",
                 {{"architecture", "ast"}, {"heads", 2}, {"mel_bins", 64}, {"frames", 256}, {"stride", ast.stride}},
                 encoders::ast_weights(ast));
  const std::filesystem::path shipped = std::filesystem::path(EPALM_SOURCE_DIR) / "assets" / "tiny_world";
  for (const auto& entry : std::filesystem::directory_iterator(shipped)) {
    if (entry.path().extension() == ".yaml") std::filesystem::copy(entry.path(), models);
  }
}

// All six tasks in a few seconds.
inline DemoOptions tiny_demo(const std::filesystem::path& folder) {
  DemoOptions options;
  options.folder = folder / "demo";
  options.assets = folder / "assets";
  options.images.train_images = options.videos.clips.train = options.sounds.clips.train = 8;
  options.images.val_images = options.videos.clips.val = options.sounds.clips.val = 2;
  options.images.test_images = options.videos.clips.test = options.sounds.clips.test = 4;
  options.overrides = {"schedular.epochs=2", "batch_size_train=16", "num_workers=1"};
  return options;
}

}  // namespace epalm::demo
