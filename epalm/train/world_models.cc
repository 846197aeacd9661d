#include "epalm/train/world_models.h"

#include <ATen/ATen.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "epalm/base/error.h"
#include "epalm/io/atomic_file.h"
#include "epalm/io/safetensors.h"
#include "epalm/lm/opt.h"
#include "epalm/text/bpe_trainer.h"
#include "epalm/train/fresh_encoder.h"
#include "epalm/train/fresh_lm.h"
#include "epalm/train/pretrain_lm.h"
#include "epalm/train/world_text.h"

namespace epalm::train {
namespace {

constexpr int64_t kVocabulary = 560;  // all that the world's language yields: every word becomes one token
constexpr int kTokenizerTexts = 20'000;
// The language model is small while it learns to read, which a larger one would take too long for, and wide when it
// learns to answer from facts, many of which are to fit into one state.
constexpr int64_t kReadingLayers = 4, kReadingWidth = 128, kLayers = 6, kWidth = 256, kHeadWidth = 32;
constexpr double kReadingShare = 0.45;  // of its steps
constexpr int64_t kFactsBatch = 96;

void write_half(const std::filesystem::path& path, const nn::Weights& weights) {
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  for (const auto& [name, tensor] : weights.items()) tensors.emplace_back(name, tensor.detach().to(at::kHalf));
  io::write_safetensors(path, tensors, {{"format", "pt"}});
}

// What the files will hold: the gates are measured on the rounded weights.
void round_to_half(const nn::Weights& weights) {
  const at::NoGradGuard no_grad;
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

lm::OptConfig lm_shape(int64_t vocabulary, int64_t layers, int64_t width) {
  lm::OptConfig config;
  config.vocab_size = vocabulary;
  config.hidden_size = config.word_embed_proj_dim = width;
  config.num_hidden_layers = layers;
  config.num_attention_heads = width / kHeadWidth;
  config.ffn_dim = 512;
  config.max_position_embeddings = 256;
  config.dropout = 0;
  config.init_std = 0.08;  // about 1/sqrt(width) of the smaller one
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
  const auto reading_shape = lm_shape(tokenizer.size(), kReadingLayers, kReadingWidth);
  const lm::Opt reader(reading_shape, fresh_lm_weights(reading_shape, training.seed));
  PretrainOptions reading = training;
  reading.steps = std::llround(kReadingShare * static_cast<double>(training.steps));
  pretrain_lm(reader, tokenizer, reading, progress);

  const auto config = lm_shape(tokenizer.size(), kLayers, kWidth);
  const lm::Opt lm(config, larger_lm_weights(config, reader, training.seed));
  PretrainOptions answering = training;
  answering.steps -= reading.steps;
  answering.batch_size = kFactsBatch;
  answering.warmup_steps /= 2;
  pretrain_lm_on_facts(lm, tokenizer, answering, [&](PretrainProgress done) {
    done.step += reading.steps;
    return progress(done);
  });
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

ProbeAccuracy make_encoder(const encoders::EncoderConfig& config, const std::filesystem::path& folder,
                           const PretrainOptions& training, int64_t gate_scenes, const OnPretrainProgress& progress) {
  nn::Weights fresh = fresh_encoder_weights(config, training.seed);
  if (const auto* clips = std::get_if<encoders::TimesformerConfig>(&config)) {
    start_from_vit(*clips, fresh, folder.parent_path() / world_model_name(WorldModel::kVit), training.seed);
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
      return {.steps = 9000, .batch_size = 32, .learning_rate = 1.5e-3, .warmup_steps = 200, .betas = {0.9, 0.98}};
    case WorldModel::kVit:
      return {.steps = 6000, .batch_size = 32, .learning_rate = 1e-3, .warmup_steps = 100, .matrix_rate = 5e-3};
    case WorldModel::kTimesformer:
      return {.steps = 6000, .batch_size = 16, .learning_rate = 8e-4, .warmup_steps = 40, .matrix_rate = 4e-3};
    case WorldModel::kAst:
      break;
  }
  return {.steps = 2500, .batch_size = 32, .learning_rate = 1e-3, .warmup_steps = 100, .matrix_rate = 5e-3};
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
