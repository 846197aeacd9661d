#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include "epalm/nn/weights.h"

namespace epalm::lm {

// Shape of an OPT language model; the names are those of a Hugging Face config.json.
struct OptConfig {
  int64_t vocab_size = 50272;         // V
  int64_t hidden_size = 768;          // D
  int64_t word_embed_proj_dim = 768;  // width of the token embeddings; project_in/out exist where it is not D
  int64_t num_hidden_layers = 12;     // L
  int64_t ffn_dim = 3072;
  int64_t num_attention_heads = 12;        // H
  int64_t max_position_embeddings = 2048;  // longest text in tokens; the table has two more rows
  bool do_layer_norm_before = true;        // false: post-LN, as opt-350m
  bool remove_final_layer_norm = false;    // `_remove_final_layer_norm`
  double dropout = 0.1;                    // in training only, on embeddings and on both branches of a layer
  double attention_dropout = 0.0;          // in training only, on attention weights
  double layerdrop = 0.0;                  // in training only, probability that a layer is left out
  double init_std = 0.02;                  // of random weights
  int64_t pad_token_id = 1;
  int64_t bos_token_id = 2;
  int64_t eos_token_id = 2;

  bool has_projection() const { return word_embed_proj_dim != hidden_size; }
  bool has_final_layer_norm() const { return do_layer_norm_before && !remove_final_layer_norm; }
};

// Reads config.json of a Hugging Face OPT folder; unknown keys are ignored, as there. Throws Error for another
// model_type, activation or sizes that cannot be. `origin` names the file in errors.
OptConfig opt_config_from_json(const nlohmann::json& json, const std::string& origin);
nlohmann::json to_json(const OptConfig& config);

// The published shapes: "125m", "350m", "1.3b", "2.7b", "6.7b", "13b", "30b", "66b" (arXiv:2205.01068, table 1).
OptConfig opt_shape(const std::string& size);

// Every tensor of the model, names as in files of OPTForCausalLM (SPEC.md §1.3).
std::vector<nn::WeightSpec> opt_weights(const OptConfig& config);

// What load_weights needs for such files: both name prefixes, the tied head and `version` keys.
nn::LoadOptions opt_load_options(nn::Precision precision);

}  // namespace epalm::lm
