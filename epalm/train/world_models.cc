#include "epalm/train/world_models.h"

#include <torch/torch.h>

#include <nlohmann/json.hpp>

#include "epalm/base/error.h"
#include "epalm/io/atomic_file.h"
#include "epalm/io/safetensors.h"
#include "epalm/io/tensor_file.h"
#include "epalm/lm/opt.h"
#include "epalm/text/bpe_trainer.h"
#include "epalm/train/fresh_lm.h"
#include "epalm/train/pretrain_lm.h"
#include "epalm/train/world_text.h"

namespace epalm::train {
namespace {

constexpr int64_t kVocabulary = 560;  // all that the world's language yields: every word becomes one token
constexpr int kTokenizerTexts = 20'000;
constexpr double kEncoderInitStd = 0.05;
constexpr double kEncoderOutputs = 0.1;

void write_half(const std::filesystem::path& path, const nn::Weights& weights) {
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  for (const auto& [name, tensor] : weights.items()) tensors.emplace_back(name, tensor.detach().to(at::kHalf));
  io::write_safetensors(path, tensors, {{"format", "pt"}});
}

// Attention and MLPs write little at first, so that the states stay those of the patches.
nn::Weights fresh_encoder_weights(const encoders::EncoderConfig& config, uint64_t seed) {
  nn::Weights weights = nn::random_weights(encoders::encoder_weights(config), seed, kEncoderInitStd);
  for (const auto& [name, tensor] : weights.items()) {
    if (name.ends_with("attn.proj.weight") || name.ends_with("fc2.weight")) tensor.mul_(kEncoderOutputs);
  }
  return weights;
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
    const world::Medium medium = random_medium(random);
    if (made % 2 == 0) {
      text = random_sentence(medium, random);
      return true;
    }
    const auto document = random_document(medium, random);
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
  config.num_attention_heads = 4;
  config.ffn_dim = 512;
  config.max_position_embeddings = 256;
  config.dropout = 0;
  config.init_std = 0.08;  // about 1/sqrt(width)
  return config;
}

// The encoders' common width.
template <typename Config>
Config small_encoder(int64_t depth) {
  Config config;
  config.width = 160;
  config.depth = depth;
  config.heads = 5;
  config.mlp_width = 640;
  return config;
}

encoders::VitConfig vit_shape() {
  auto config = small_encoder<encoders::VitConfig>(6);
  config.image_size_px = 48;
  config.patch_size_px = 8;
  config.classes = 0;
  return config;
}

encoders::TimesformerConfig timesformer_shape() {
  auto config = small_encoder<encoders::TimesformerConfig>(6);
  config.image_size_px = 48;
  config.patch_size_px = 8;
  config.frames = 8;
  config.classes = 0;
  return config;
}

encoders::AstConfig ast_shape() {
  auto config = small_encoder<encoders::AstConfig>(4);
  config.mel_bins = 64;
  config.frames = 256;
  config.patch_size = 16;
  config.stride = 16;
  config.image_classes = 0;
  config.sound_classes = 0;
  return config;
}

encoders::EncoderConfig encoder_shape(WorldModel model) {
  if (model == WorldModel::kVit) return vit_shape();
  if (model == WorldModel::kTimesformer) return timesformer_shape();
  return ast_shape();
}

// config.json of an encoder's folder: what its weights do not tell (encoders/load_encoder.h).
nlohmann::json to_json(const encoders::EncoderConfig& config) {
  if (const auto* vit = std::get_if<encoders::VitConfig>(&config)) {
    return {{"architecture", "vit"}, {"heads", vit->heads}};
  }
  if (const auto* timesformer = std::get_if<encoders::TimesformerConfig>(&config)) {
    return {{"architecture", "timesformer"}, {"heads", timesformer->heads}};
  }
  const auto& ast = std::get<encoders::AstConfig>(config);
  return {{"architecture", "ast"},
          {"heads", ast.heads},
          {"mel_bins", ast.mel_bins},
          {"frames", ast.frames},
          {"stride", ast.stride}};
}

std::map<world::Medium, TextCeiling> make_language_model(const std::filesystem::path& folder,
                                                         const PretrainOptions& training, int64_t gate_scenes,
                                                         const OnPretrainProgress& progress) {
  const std::string tokenizer_json = train_tokenizer();
  const auto tokenizer = text::Tokenizer::from_tokenizer_json(tokenizer_json);
  const auto config = lm_shape(tokenizer.size());
  const lm::Opt lm(config, fresh_lm_weights(config, training.seed));
  pretrain_lm(lm, tokenizer, training, progress);
  round_to_half(lm.weights());
  io::write_text_file(folder / "tokenizer.json", tokenizer_json);
  io::write_json_file(folder / "config.json", lm::to_json(config), 1);
  write_half(folder / "model.safetensors", lm.weights());
  std::map<world::Medium, TextCeiling> ceilings;
  for (const auto medium : kMedia) {
    ceilings[medium] = text_ceiling(lm, tokenizer, reading_tests(medium, world::Split::kTest, gate_scenes, 77));
  }
  return ceilings;
}

// As the published ones, the encoder of clips starts as the encoder of pictures, looking at each frame alone.
void start_from_vit(const nn::Weights& weights, const std::filesystem::path& vit) {
  require(std::filesystem::is_directory(vit),
          "the encoder of clips starts from that of pictures, but there is no {}; make vit first", vit.string());
  const auto file = io::open_tensor_file(vit);
  constexpr std::string_view kScope = "model.";
  for (const auto& [name, tensor] : weights.items()) {
    const std::string in_vit = name.substr(kScope.size());
    if (file->contains(in_vit)) tensor.copy_(file->read(in_vit));
  }
}

ProbeAccuracy make_encoder(const encoders::EncoderConfig& config, const std::filesystem::path& folder,
                           const PretrainOptions& training, int64_t gate_scenes, const OnPretrainProgress& progress) {
  const nn::Weights fresh = fresh_encoder_weights(config, training.seed);
  if (std::holds_alternative<encoders::TimesformerConfig>(config)) {
    start_from_vit(fresh, folder.parent_path() / world_model_name(WorldModel::kVit));
  }
  const auto encoder = encoders::make_encoder(config, fresh);
  const auto probe = pretrain_encoder(*encoder, config, training, progress);
  round_to_half(encoder->weights());
  io::write_json_file(folder / "config.json", to_json(config), 1);
  write_half(folder / "model.safetensors", encoder->weights());
  return probe_accuracy(*encoder, config, probe, world::Split::kTest, gate_scenes, 55);
}

}  // namespace

std::string_view world_model_name(WorldModel model) {
  constexpr std::string_view kNames[] = {"opt", "vit", "timesformer", "ast"};
  return kNames[static_cast<size_t>(model)];
}

PretrainOptions pretrain_options(WorldModel model) {
  switch (model) {
    case WorldModel::kOpt:
      return {.steps = 4200, .batch_size = 32, .learning_rate = 1.5e-3, .warmup_steps = 200, .betas = {0.9, 0.98}};
    case WorldModel::kVit:
      return {.steps = 3000, .batch_size = 32, .learning_rate = 1e-3, .warmup_steps = 100, .matrix_rate = 5e-3};
    case WorldModel::kTimesformer:
      return {.steps = 650, .batch_size = 16, .learning_rate = 7e-4, .warmup_steps = 40, .matrix_rate = 3e-3};
    case WorldModel::kAst:
      break;
  }
  return {.steps = 1500, .batch_size = 32, .learning_rate = 1e-3, .warmup_steps = 100, .matrix_rate = 5e-3};
}

WorldGates make_world_models(const WorldModelOptions& options) {
  WorldGates gates;
  for (const WorldModel model : options.models) {
    const std::string name(world_model_name(model));
    PretrainOptions training = pretrain_options(model);
    if (options.steps) training.steps = *options.steps;
    const auto progress = [&](const PretrainProgress& done) {
      if (options.progress) options.progress(name, training.steps, done);
      if (options.interrupted && options.interrupted()) throw Interrupted("interrupted while training " + name);
      return true;
    };
    const auto folder = options.folder / name;
    std::filesystem::create_directories(folder);
    if (model == WorldModel::kOpt) {
      gates.text = make_language_model(folder, training, options.gate_scenes, progress);
    } else {
      gates.probes[model] = make_encoder(encoder_shape(model), folder, training, options.gate_scenes, progress);
    }
  }
  return gates;
}

}  // namespace epalm::train
