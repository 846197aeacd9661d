#pragma once

// A training run small enough for a test: a tiny world, tiny models with random weights, and their config.
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "epalm/encoders/vit_config.h"
#include "epalm/infer/run_config.h"
#include "epalm/io/safetensors.h"
#include "epalm/lm/opt_config.h"
#include "epalm/text/bpe_trainer.h"
#include "epalm/text/tokenizer.h"
#include "epalm/world/document.h"
#include "epalm/world/files.h"

namespace epalm::train {

inline void write_text(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path) << text;
}

// folder/{world,opt,vit,run.yaml}
inline void make_tiny_run(const std::filesystem::path& folder, const std::string& more_yaml = "") {
  world::WorldOptions world;
  world.train_images = 24;
  world.val_images = 4;
  world.test_images = 4;
  world.image_size_px = 16;
  world::write_image_world(folder / "world", world);

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
  opt.hidden_size = opt.word_embed_proj_dim = 16;
  opt.num_hidden_layers = 3;
  opt.num_attention_heads = 2;
  opt.ffn_dim = 32;
  opt.max_position_embeddings = 128;
  std::filesystem::create_directories(folder / "opt");
  write_text(folder / "opt/tokenizer.json", tokenizer_json);
  write_text(folder / "opt/config.json", lm::to_json(opt).dump());
  io::write_safetensors(folder / "opt/model.safetensors", nn::random_weights(lm::opt_weights(opt), 1, 0.1).items());

  encoders::VitConfig vit;
  vit.image_size_px = 16;
  vit.patch_size_px = 8;
  vit.width = 12;
  vit.depth = 2;
  vit.heads = 2;
  vit.mlp_width = 24;
  vit.classes = 0;
  std::filesystem::create_directories(folder / "vit");
  write_text(folder / "vit/config.json", R"({"heads": 2})");
  io::write_safetensors(folder / "vit/model.safetensors",
                        nn::random_weights(encoders::vit_weights(vit), 2, 0.1).items());

  write_text(
      folder / "run.yaml",
      "task: vqa\nsemantics: causal\nimage_res: 16\ninjected_hidden_states: 2\nstart_layer_idx: 0\nend_layer_idx: 3\n"
      "prompt_tuning: true\nprompt_len: 2\nmlp: true\nspecial_answer_token: '</a>'\nbatch_size_train: 8\n"
      "batch_size_test: 8\noptimizer: {opt: adamW, lr: 1e-3, prompt_lr: 1e-2, weight_decay: 0.02}\n"
      "schedular: {sched: cosine, epochs: 4, min_lr: 1e-5, warmup_lr: 1e-4, warmup_epochs: 1, step_size: 4}\n"
      "do_sample: false\nmax_length: 40\ntrain_split: karpathy_train\nval_split: karpathy_val\n"
      "test_split: karpathy_test\n" +
          more_yaml + "text_model: " + (folder / "opt").string() + "\nencoder_weights: " + (folder / "vit").string() +
          "\ndata_dir: " + (folder / "world").string() + "\n");
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
