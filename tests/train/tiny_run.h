#pragma once

// A training run small enough for a test: a tiny world, tiny models with random weights, and their config.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "epalm/encoders/load_encoder.h"
#include "epalm/infer/run_config.h"
#include "epalm/io/safetensors.h"
#include "epalm/lm/opt_config.h"
#include "epalm/text/bpe_trainer.h"
#include "epalm/text/tokenizer.h"
#include "epalm/world/clip_files.h"
#include "epalm/world/document.h"
#include "epalm/world/files.h"

namespace epalm::train {

inline void write_text(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path) << text;
}

// folder/opt
inline void write_tiny_lm(const std::filesystem::path& folder, int64_t layers = 3, int64_t width = 16) {
  PythonRandom random(3);
  int made = 0;
  const std::string tokenizer_json = text::train_bpe(
      [&](std::string& text) {
        text = world::corpus(random, 1).front();
        return made++ < 300;
      },
      300, {"<s>", "<pad>", "</s>", "<unk>"}, {"</a>"});
  lm::OptConfig opt;
  opt.vocab_size = 300;
  opt.hidden_size = opt.word_embed_proj_dim = width;
  opt.num_hidden_layers = layers;
  opt.num_attention_heads = 2;
  opt.ffn_dim = 2 * width;
  opt.max_position_embeddings = 128;
  std::filesystem::create_directories(folder / "opt");
  write_text(folder / "opt/tokenizer.json", tokenizer_json);
  write_text(folder / "opt/config.json", lm::to_json(opt).dump());
  io::write_safetensors(folder / "opt/model.safetensors", nn::random_weights(lm::opt_weights(opt), 1, 0.1).items());
}

// folder/encoder, with random weights: sees pictures of 16 x 16, clips of 2 such frames, or spectrograms of 64 frames
// and 16 bins.
inline void write_tiny_encoder(const std::filesystem::path& folder, infer::Modality modality) {
  encoders::EncoderConfig config;
  std::string facts = R"({"heads": 2, "architecture": "vit"})";
  const auto shrink = [](auto shape) {
    shape.width = 12;
    shape.depth = 2;
    shape.heads = 2;
    shape.mlp_width = 24;
    return shape;
  };
  if (modality == infer::Modality::kImage) {
    auto vit = shrink(encoders::VitConfig{});
    vit.image_size_px = 16;
    vit.patch_size_px = 8;
    vit.classes = 0;
    config = vit;
  } else if (modality == infer::Modality::kVideo) {
    auto timesformer = shrink(encoders::TimesformerConfig{});
    timesformer.image_size_px = 16;
    timesformer.patch_size_px = 8;
    timesformer.frames = 2;
    timesformer.classes = 0;
    config = timesformer;
    facts = R"({"heads": 2, "architecture": "timesformer"})";
  } else {
    auto ast = shrink(encoders::AstConfig{});
    ast.mel_bins = 16;
    ast.frames = 64;
    ast.image_classes = ast.sound_classes = 0;
    config = ast;
    facts = R"({"heads": 2, "architecture": "ast", "mel_bins": 16, "frames": 64})";
  }
  std::filesystem::create_directories(folder / "encoder");
  write_text(folder / "encoder/config.json", facts);
  io::write_safetensors(folder / "encoder/model.safetensors",
                        nn::random_weights(encoders::encoder_weights(config), 2, 0.1).items());
}

// folder/world: 24 media to train on, 4 each to validate and test. Returns the keys of data_dir and the splits.
inline std::string write_tiny_world(const std::filesystem::path& folder, infer::Task task) {
  const auto keys = [&](const std::string& data, const std::string& train, const std::string& val,
                        const std::string& test) {
    return "data_dir: " + (folder / data).string() + "\ntrain_split: " + train + "\nval_split: " + val +
           "\ntest_split: " + test + "\n";
  };
  const bool caption = infer::is_caption(task);
  const world::ClipCounts counts{
      .train = 24, .val = 4, .test = 4, .captions = 2, .train_questions = 3, .test_questions = 2};
  switch (infer::modality_of(task)) {
    case infer::Modality::kImage: {
      world::WorldOptions options;
      options.train_images = 24;
      options.val_images = 4;
      options.test_images = 4;
      options.image_size_px = 16;
      world::write_image_world(folder / "world", options);
      return caption ? keys("world", "train", "val", "test")
                     : keys("world", "karpathy_train", "karpathy_val", "karpathy_test");
    }
    case infer::Modality::kVideo: {
      world::VideoWorldOptions options;
      options.clips = counts;
      options.size_px = 16;
      world::write_video_world(folder / "world", options);
      return caption ? keys("world/MSRVTT", "msrvtt_caption_train7k", "msrvtt_caption_val", "msrvtt_caption_test")
                     : keys("world/MSRVTT", "msrvtt_vqa_train", "msrvtt_vqa_val", "msrvtt_vqa_test");
    }
    case infer::Modality::kAudio:
      break;
  }
  world::write_audio_world(folder / "world", {.clips = counts});
  return caption ? keys("world/AudioCaps", "audiocaps_caption_train", "audiocaps_caption_val", "audiocaps_caption_test")
                 : keys("world/AudioCaps", "audiocaps_qa_train", "audiocaps_qa_val", "audiocaps_qa_test");
}

// folder/{world,opt,encoder,run.yaml}
inline void make_tiny_run(const std::filesystem::path& folder, infer::Task task = infer::Task::kVqa) {
  write_tiny_lm(folder);
  write_tiny_encoder(folder, infer::modality_of(task));
  const std::string data = write_tiny_world(folder, task);
  write_text(
      folder / "run.yaml",
      "task: " + std::string(infer::task_name(task)) +
          "\nsemantics: causal\nimage_res: 16\nnum_frames: 2\nmelbins: 16\ntarget_length: 64\nfreqm_p: 4\ntimem_p: 16\n"
          "skip_norm: false\ninjected_hidden_states: 2\nstart_layer_idx: 0\nend_layer_idx: 3\n"
          "prompt_tuning: true\nprompt_len: 2\nmlp: true\nspecial_answer_token: '</a>'\nbatch_size_train: 8\n"
          "batch_size_test: 8\noptimizer: {opt: adamW, lr: 1e-3, prompt_lr: 1e-2, weight_decay: 0.02}\n"
          "schedular: {sched: cosine, epochs: 4, min_lr: 1e-5, warmup_lr: 1e-4, warmup_epochs: 1, step_size: 4}\n"
          "do_sample: false\nmax_length: 40\ntext_model: " +
          (folder / "opt").string() + "\nencoder_weights: " + (folder / "encoder").string() + "\n" + data);
}

inline infer::RunConfig tiny_config(const std::filesystem::path& folder,
                                    const std::vector<std::string>& overrides = {}) {
  return infer::load_run_config(folder / "run.yaml", overrides);
}

// A folder of this test's own, removed at its end.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(const std::string& name)
      : path_(std::filesystem::path(testing::TempDir()) / (name + "_" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace epalm::train
