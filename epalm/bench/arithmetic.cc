#include "epalm/bench/arithmetic.h"

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

}  // namespace

double opt_flop(const lm::OptConfig& config, double rows, double predicting) {
  const auto width = static_cast<double>(config.hidden_size), inner = static_cast<double>(config.ffn_dim);
  const double layer = attention_flop(rows, 0, width) + mlp_flop(rows, width, inner);
  return static_cast<double>(config.num_hidden_layers) * layer +
         product_flop(predicting, static_cast<double>(config.word_embed_proj_dim),
                      static_cast<double>(config.vocab_size));
}

double training_flop(const lm::OptConfig& config, double rows, double predicting, int64_t reached) {
  lm::OptConfig upper = config;
  upper.num_hidden_layers = reached;
  return opt_flop(config, rows, predicting) + opt_flop(upper, rows, predicting);
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
