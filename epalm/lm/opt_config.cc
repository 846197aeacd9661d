#include "epalm/lm/opt_config.h"

#include <map>
#include <nlohmann/json.hpp>

#include "epalm/base/error.h"

namespace epalm::lm {

OptConfig opt_config_from_json(const nlohmann::json& json, const std::string& origin) {
  require(json.is_object(), "'{}': expected a JSON object with the keys of an OPT config", origin);
  OptConfig config;
  const auto read = [&](const char* key, auto& field) {
    if (!json.contains(key)) return;
    try {
      json.at(key).get_to(field);
    } catch (const nlohmann::json::exception&) {
      fail("'{}': key {} has the wrong type: {}", origin, key, json.at(key).dump());
    }
  };
  std::string model_type = "opt";
  std::string activation = "relu";
  read("model_type", model_type);
  read("activation_function", activation);
  require(model_type == "opt", "'{}': expected model_type opt, got {}; only OPT language models are read", origin,
          model_type);
  require(activation == "relu", "'{}': expected activation_function relu, got {}", origin, activation);
  read("vocab_size", config.vocab_size);
  read("hidden_size", config.hidden_size);
  config.word_embed_proj_dim = config.hidden_size;
  read("word_embed_proj_dim", config.word_embed_proj_dim);
  read("num_hidden_layers", config.num_hidden_layers);
  read("ffn_dim", config.ffn_dim);
  read("num_attention_heads", config.num_attention_heads);
  read("max_position_embeddings", config.max_position_embeddings);
  read("do_layer_norm_before", config.do_layer_norm_before);
  read("_remove_final_layer_norm", config.remove_final_layer_norm);
  read("dropout", config.dropout);
  read("attention_dropout", config.attention_dropout);
  read("layerdrop", config.layerdrop);
  read("init_std", config.init_std);
  read("pad_token_id", config.pad_token_id);
  read("bos_token_id", config.bos_token_id);
  read("eos_token_id", config.eos_token_id);
  constexpr int64_t kLargest = 1 << 24;  // of any one size: far above every real model, far below overflow of a product
  for (const int64_t size :
       {config.vocab_size, config.hidden_size, config.word_embed_proj_dim, config.num_hidden_layers, config.ffn_dim,
        config.num_attention_heads, config.max_position_embeddings}) {
    require(size >= 1 && size <= kLargest, "'{}': every size must lie in 1..{}, got {}", origin, kLargest, size);
  }
  require(config.hidden_size % config.num_attention_heads == 0,
          "'{}': hidden_size {} is not a multiple of num_attention_heads {}", origin, config.hidden_size,
          config.num_attention_heads);
  return config;
}

nlohmann::json to_json(const OptConfig& config) {
  return {{"model_type", "opt"},
          {"architectures", {"OPTForCausalLM"}},
          {"activation_function", "relu"},
          {"vocab_size", config.vocab_size},
          {"hidden_size", config.hidden_size},
          {"word_embed_proj_dim", config.word_embed_proj_dim},
          {"num_hidden_layers", config.num_hidden_layers},
          {"ffn_dim", config.ffn_dim},
          {"num_attention_heads", config.num_attention_heads},
          {"max_position_embeddings", config.max_position_embeddings},
          {"do_layer_norm_before", config.do_layer_norm_before},
          {"_remove_final_layer_norm", config.remove_final_layer_norm},
          {"dropout", config.dropout},
          {"attention_dropout", config.attention_dropout},
          {"layerdrop", config.layerdrop},
          {"init_std", config.init_std},
          {"pad_token_id", config.pad_token_id},
          {"bos_token_id", config.bos_token_id},
          {"eos_token_id", config.eos_token_id}};
}

OptConfig opt_shape(const std::string& size) {
  struct Shape {
    int64_t hidden, layers, heads;
  };
  static const std::map<std::string, Shape> shapes{
      {"125m", {768, 12, 12}},  {"350m", {1024, 24, 16}}, {"1.3b", {2048, 24, 32}}, {"2.7b", {2560, 32, 32}},
      {"6.7b", {4096, 32, 32}}, {"13b", {5120, 40, 40}},  {"30b", {7168, 48, 56}},  {"66b", {9216, 64, 72}}};
  const auto found = shapes.find(size);
  require(found != shapes.end(), "OPT size: expected 125m, 350m, 1.3b, 2.7b, 6.7b, 13b, 30b or 66b, got '{}'", size);
  OptConfig config;
  config.hidden_size = config.word_embed_proj_dim = found->second.hidden;
  config.num_hidden_layers = found->second.layers;
  config.num_attention_heads = found->second.heads;
  config.ffn_dim = 4 * config.hidden_size;
  if (size == "350m") {
    config.word_embed_proj_dim = 512;
    config.do_layer_norm_before = false;
  }
  return config;
}

std::vector<nn::WeightSpec> opt_weights(const OptConfig& config) {
  const int64_t d = config.hidden_size;
  std::vector<nn::WeightSpec> table;
  const auto linear = [&](const std::string& name, int64_t out, int64_t in) {
    table.push_back({name + ".weight", {out, in}, nn::Init::kNormal, 4});
    table.push_back({name + ".bias", {out}, nn::Init::kZeros});
  };
  const auto norm = [&](const std::string& name) {
    table.push_back({name + ".weight", {d}, nn::Init::kOnes});
    table.push_back({name + ".bias", {d}, nn::Init::kZeros});
  };
  const std::string root = "model.decoder.";
  // The head as well: its rows are long, and a logit shows what is lost.
  const int fewest_bits = config.word_embed_proj_dim % nn::kFewColumns == 0 ? 8 : 0;
  table.push_back(
      {root + "embed_tokens.weight", {config.vocab_size, config.word_embed_proj_dim}, nn::Init::kNormal, fewest_bits});
  table.push_back({root + "embed_positions.weight", {config.max_position_embeddings + 2, d}});
  if (config.has_projection()) {
    table.push_back({root + "project_out.weight", {config.word_embed_proj_dim, d}});
    table.push_back({root + "project_in.weight", {d, config.word_embed_proj_dim}});
  }
  if (config.has_final_layer_norm()) norm(root + "final_layer_norm");
  for (int64_t i = 0; i < config.num_hidden_layers; ++i) {
    const std::string layer = fmt::format("{}layers.{}.", root, i);
    for (const char* projection : {"k_proj", "v_proj", "q_proj", "out_proj"})
      linear(layer + "self_attn." + projection, d, d);
    norm(layer + "self_attn_layer_norm");
    linear(layer + "fc1", config.ffn_dim, d);
    linear(layer + "fc2", d, config.ffn_dim);
    norm(layer + "final_layer_norm");
  }
  return table;
}

nn::LoadOptions opt_load_options(nn::Precision precision) {
  nn::LoadOptions options;
  options.precision = precision;
  options.file_names = [](const std::string& name) {
    return std::vector<std::string>{name, name.substr(std::string("model.").size())};
  };
  options.may_be_unused = [](const std::string& name) {
    return name == "lm_head.weight" || name.ends_with("decoder.version");
  };
  return options;
}

}  // namespace epalm::lm
