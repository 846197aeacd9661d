#include "epalm/train/world_models.h"

#include <torch/torch.h>

#include <nlohmann/json.hpp>

#include "epalm/base/atomic_write.h"
#include "epalm/base/error.h"
#include "epalm/io/safetensors.h"
#include "epalm/text/bpe_trainer.h"
#include "epalm/world/language.h"

namespace epalm::train {
namespace {

constexpr int64_t kVocabulary = 480;  // all that the world's language yields: every word becomes one token
constexpr int kTokenizerTexts = 20'000;

void write_text(const std::filesystem::path& path, const std::string& text) {
  write_file_atomically(path, std::as_bytes(std::span(text)));
}

void write_half(const std::filesystem::path& path, const nn::Weights& weights) {
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  for (const auto& [name, tensor] : weights.items()) tensors.emplace_back(name, tensor.detach().to(at::kHalf));
  io::write_safetensors(path, tensors, {{"format", "pt"}});
}

// What the files will hold: the gates are measured on the rounded weights.
void round_to_half(const nn::Weights& weights) {
  const torch::NoGradGuard no_grad;
  for (const auto& [name, tensor] : weights.items()) tensor.copy_(tensor.to(at::kHalf));
}

std::string train_tokenizer() {
  PythonRandom random(5);
  int made = 0;
  const auto next = [&](std::string& text) {
    if (made++ >= kTokenizerTexts) return false;
    if (made % 2 == 0) {
      text = world::corpus(random, 1).front();
      return true;
    }
    const auto document = world::document(world::random_scene(random, world::Split::kTrain), random);
    text = document.description;
    for (const auto& [question, answer] : document.question_answers) text += "</s>" + question + "?</a>" + answer;
    return true;
  };
  return text::train_bpe(next, kVocabulary, {"<s>", "<pad>", "</s>", "<unk>"}, {"</a>"});
}

lm::OptConfig lm_shape(int64_t vocabulary) {
  lm::OptConfig config;
  config.vocab_size = vocabulary;
  config.hidden_size = config.word_embed_proj_dim = 128;
  config.num_hidden_layers = 4;
  config.num_attention_heads = 8;
  config.ffn_dim = 512;
  config.max_position_embeddings = 256;
  config.dropout = 0;
  return config;
}

encoders::VitConfig vit_shape() {
  encoders::VitConfig config;
  config.image_size_px = 48;
  config.patch_size_px = 8;
  config.width = 160;
  config.depth = 6;
  config.heads = 5;
  config.mlp_width = 640;
  config.classes = 0;
  return config;
}

}  // namespace

WorldGates make_world_models(const WorldModelOptions& options) {
  const auto on_progress = [&](const std::string& stage, int64_t steps) {
    return [&options, stage, steps](const PretrainProgress& progress) {
      if (options.progress) options.progress(stage, steps, progress);
      if (options.interrupted && options.interrupted()) throw Interrupted("interrupted while training the " + stage);
      return true;
    };
  };
  std::filesystem::create_directories(options.folder / "opt");
  std::filesystem::create_directories(options.folder / "vit");
  WorldGates gates;

  const std::string tokenizer_json = train_tokenizer();
  const auto tokenizer = text::Tokenizer::from_tokenizer_json(tokenizer_json);
  const auto lm_config = lm_shape(tokenizer.size());
  const lm::Opt lm(lm_config, nn::random_weights(lm::opt_weights(lm_config), options.lm.seed, lm_config.init_std));
  pretrain_lm(lm, tokenizer, options.lm, on_progress("language model", options.lm.steps));
  round_to_half(lm.weights());
  gates.text = text_ceiling(lm, tokenizer, world::Split::kTest, options.gate_scenes, 77);
  write_text(options.folder / "opt/tokenizer.json", tokenizer_json);
  write_text(options.folder / "opt/config.json", lm::to_json(lm_config).dump(1) + "\n");
  write_half(options.folder / "opt/model.safetensors", lm.weights());

  const auto vit_config = vit_shape();
  const encoders::Vit vit(vit_config,
                          nn::random_weights(encoders::vit_weights(vit_config), options.encoder.seed, 0.02));
  const auto probe = pretrain_encoder(vit, options.encoder, on_progress("encoder", options.encoder.steps));
  round_to_half(vit.weights());
  gates.probe = probe_accuracy(vit, probe, world::Split::kTest, options.gate_scenes, 55);
  write_text(options.folder / "vit/config.json",
             nlohmann::json{{"architecture", "vit"}, {"heads", vit_config.heads}}.dump(1) + "\n");
  write_half(options.folder / "vit/model.safetensors", vit.weights());
  return gates;
}

}  // namespace epalm::train
