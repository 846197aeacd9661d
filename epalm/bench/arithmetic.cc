#include "epalm/bench/arithmetic.h"

#include "epalm/base/error.h"
#include "epalm/nn/int8_products.h"
#include "epalm/nn/int8_sums.h"

namespace epalm::bench {
namespace {

double product_flop(double rows, double in, double out) {
  return 2 * rows * in * out;
}

// Query, key, value and output of rows that each attend to so many.
double attention_flop(double rows, double attended, double width) {
  return 4 * product_flop(rows, width, width) + 2 * product_flop(rows, width, attended);
}

double mlp_flop(double rows, double width, double inner) {
  return 2 * product_flop(rows, width, inner);
}

double layer_flop(const lm::OptConfig& config, const LayerRows& rows) {
  const auto width = static_cast<double>(config.hidden_size), inner = static_cast<double>(config.ffn_dim);
  return 2 * product_flop(rows.all, width, width) + 2 * product_flop(rows.read, width, width) +
         mlp_flop(rows.read, width, inner);
}

double head_flop(const lm::OptConfig& config, double predicting) {
  return product_flop(predicting, static_cast<double>(config.word_embed_proj_dim),
                      static_cast<double>(config.vocab_size));
}

}  // namespace

double opt_flop(const lm::OptConfig& config, double rows, double predicting) {
  return static_cast<double>(config.num_hidden_layers) * layer_flop(config, {rows, rows}) +
         head_flop(config, predicting);
}

double training_flop(const lm::OptConfig& config, const std::vector<LayerRows>& rows_of_layers, double predicting,
                     int64_t reached) {
  EPALM_ASSERT(std::ssize(rows_of_layers) == config.num_hidden_layers);
  double total = 2 * head_flop(config, predicting);
  for (int64_t i = 0; i < config.num_hidden_layers; ++i) {
    const bool pulls = i >= config.num_hidden_layers - reached;
    total += (pulls ? 2 : 1) * layer_flop(config, rows_of_layers[static_cast<size_t>(i)]);
  }
  return total;
}

nn::Precision precision_of_products(const nn::Weights& lm_weights, bool many_rows) {
  const std::string name = "model.decoder.layers.0.fc1.weight";
  const nn::QuantizedMatrix* matrix = lm_weights.quantized(name);
  if (matrix == nullptr) {
    return lm_weights.at(name).scalar_type() == at::kFloat ? nn::Precision::kFloat32 : nn::Precision::kBFloat16;
  }
  const bool integers = many_rows ? matrix->bits() == 8 && nn::suits_int8_products() : nn::adds_up_int8();
  return integers ? nn::Precision::kInt8 : nn::Precision::kBFloat16;
}

double vit_flop(const encoders::VitConfig& config, double pictures) {
  const auto patches = static_cast<double>(config.grid() * config.grid());
  const auto patch = static_cast<double>(3 * config.patch_size_px * config.patch_size_px);
  const auto width = static_cast<double>(config.width), inner = static_cast<double>(config.mlp_width);
  const double rows = pictures * (1 + patches);
  return product_flop(pictures * patches, patch, width) +
         static_cast<double>(config.depth) * (attention_flop(rows, 1 + patches, width) + mlp_flop(rows, width, inner));
}

double timesformer_flop(const encoders::TimesformerConfig& config, double clips) {
  const auto places = static_cast<double>(config.grid() * config.grid()), frames = static_cast<double>(config.frames);
  const auto patch = static_cast<double>(3 * config.patch_size_px * config.patch_size_px);
  const auto width = static_cast<double>(config.width), inner = static_cast<double>(config.mlp_width);
  const double patches = clips * places * frames;
  // Over time, and what leads back into the state; over space, the CLS once in each frame; the feed-forward part.
  const double block = attention_flop(patches, frames, width) + product_flop(patches, width, width) +
                       attention_flop(patches + clips * frames, 1 + places, width) +
                       mlp_flop(patches + clips, width, inner);
  return product_flop(patches, patch, width) + static_cast<double>(config.depth) * block;
}

double ast_flop(const encoders::AstConfig& config, double sounds) {
  const auto patches = static_cast<double>(config.grid_rows() * config.grid_columns());
  const auto patch = static_cast<double>(config.patch_size * config.patch_size);
  const auto width = static_cast<double>(config.width), inner = static_cast<double>(config.mlp_width);
  const double rows = sounds * (2 + patches);
  return product_flop(sounds * patches, patch, width) +
         static_cast<double>(config.depth) * (attention_flop(rows, 2 + patches, width) + mlp_flop(rows, width, inner));
}

}  // namespace epalm::bench
