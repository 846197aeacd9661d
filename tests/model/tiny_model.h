#pragma once

#include <gtest/gtest.h>

#include "epalm/encoders/vit.h"
#include "epalm/model/epalm_model.h"

namespace epalm::model {

constexpr int64_t kLayers = 4, kStates = 2, kPrompts = 2, kVocabulary = 20, kImageSize = 8;

// States are layer-normalised and logits sum 16 products of them: below 16 here. Each layer of LM and encoder rounds
// each of its numbers some 16 times, and two runs may round differently: 2 · 7 layers · 16 · 16 · 2^-24 at most.
constexpr double kTolerance = 2.2e-4;

inline adapter::AdapterConfig injecting(int64_t start, int64_t end) {
  adapter::AdapterConfig config;
  config.injected_hidden_states = kStates;
  config.start_layer_idx = start;
  config.end_layer_idx = end;
  config.prompt_tuning = true;
  config.prompt_len = kPrompts;
  return config;
}

// The same with bottleneck adapters of one kind in both places.
inline adapter::AdapterConfig with_bottlenecks(const std::string& type) {
  adapter::AdapterConfig config = injecting(1, 3);
  config.use_adapters = true;
  config.adapter_config.mlp = config.adapter_config.attention = {.adapter_type = type};
  return config;
}

inline lm::Opt tiny_lm() {
  lm::OptConfig config;
  config.vocab_size = kVocabulary;
  config.hidden_size = config.word_embed_proj_dim = 16;
  config.num_hidden_layers = kLayers;
  config.ffn_dim = 24;
  config.num_attention_heads = 2;
  config.max_position_embeddings = 12;
  return {config, nn::random_weights(lm::opt_weights(config), 1, 0.3)};
}

// Random weights, the same at every call.
inline EPalm tiny_model(const adapter::AdapterConfig& adapter, Semantics semantics) {
  lm::Opt lm = tiny_lm();
  encoders::VitConfig vit;
  vit.image_size_px = kImageSize;
  vit.patch_size_px = 4;
  vit.width = 12;
  vit.depth = 3;
  vit.heads = 2;
  vit.mlp_width = 16;
  vit.classes = 2;
  auto encoder = std::make_shared<encoders::Vit>(vit, nn::random_weights(encoders::vit_weights(vit), 2, 0.3));
  auto weights = adapter::random_adapter(adapter, frozen_sizes(lm.config(), vit.width), 3);
  return {std::move(lm), std::move(encoder), adapter::Adapter(adapter, std::move(weights)), semantics};
}

inline at::Tensor image(int64_t batch) {
  at::manual_seed(4);
  return at::randn({batch, 3, kImageSize, kImageSize});
}

inline at::Tensor row(const std::vector<int64_t>& numbers) {
  return at::tensor(numbers).view({1, static_cast<int64_t>(numbers.size())});
}

inline double difference(const at::Tensor& a, const at::Tensor& b) {
  EXPECT_EQ(a.sizes(), b.sizes());
  return (a - b).abs().max().item<double>();
}

}  // namespace epalm::model
