#include "epalm/adapter/adapter.h"

#include <gtest/gtest.h>

#include "epalm/adapter/adapter_weights.h"
#include "epalm/base/error.h"

namespace epalm::adapter {
namespace {

constexpr FrozenSizes kSizes{.encoder_width = 6, .lm_width = 5, .embed_width = 4, .ffn_width = 7, .lm_layers = 2};
constexpr double kUnit = 1.0 / (1 << 24);

AdapterConfig config_of(int64_t states, int64_t start, int64_t end) {
  AdapterConfig config;
  config.injected_hidden_states = states;
  config.start_layer_idx = start;
  config.end_layer_idx = end;
  return config;
}

Adapter random(const AdapterConfig& config) {
  return {config, random_adapter(config, kSizes, 1)};
}

at::Tensor features(int64_t states) {
  at::manual_seed(2);
  return at::rand({3, states, kSizes.encoder_width});
}

// Sums of up to 7 terms of size 1: 2 · 8 · 7 u.
void expect_close(const at::Tensor& got, const at::Tensor& expected) {
  ASSERT_EQ(got.sizes(), expected.sizes());
  EXPECT_LE((got - expected).abs().max().item<double>(), 112 * kUnit);
}

TEST(Adapter, MapsEachStateByItsConnector) {
  const Adapter adapter = random(config_of(2, 1, 5));
  const at::Tensor states = features(2);
  const auto slots = adapter.slots(states, 6);
  ASSERT_EQ(slots.size(), 6u);
  EXPECT_FALSE(slots[0].defined());
  EXPECT_FALSE(slots[5].defined());
  for (const auto& [layer, state] : std::vector<std::pair<size_t, int64_t>>{{1, 0}, {2, 0}, {3, 1}, {4, 1}}) {
    const std::string name = fmt::format("connector.{}", state);
    expect_close(slots[layer], at::linear(states.slice(1, state, state + 1), adapter.weights().at(name + ".weight"),
                                          adapter.weights().at(name + ".bias")));
  }
}

TEST(Adapter, SharedConnectorMapsAllStates) {
  AdapterConfig config = config_of(2, 0, 4);
  config.shared_connector = true;
  const Adapter adapter = random(config);
  EXPECT_FALSE(adapter.weights().contains("connector.1.weight"));
  const at::Tensor states = features(2);
  const auto slots = adapter.slots(states, 4);
  const at::Tensor &weight = adapter.weights().at("connector.0.weight"),
                   &bias = adapter.weights().at("connector.0.bias");
  expect_close(slots[0], at::linear(states.slice(1, 0, 1), weight, bias));
  expect_close(slots[2], at::linear(states.slice(1, 1, 2), weight, bias));
}

TEST(Adapter, ConnectorOfAnUnusedStateGetsNoGradient) {
  const Adapter adapter = random(config_of(3, 0, 2));
  for (const auto& [name, tensor] : adapter.weights().items()) tensor.set_requires_grad(true);
  const auto slots = adapter.slots(features(3), 4);
  (slots[0] + slots[1]).sum().backward();
  EXPECT_TRUE(adapter.weights().at("connector.0.weight").grad().defined());
  EXPECT_TRUE(adapter.weights().at("connector.1.weight").grad().defined());
  EXPECT_FALSE(adapter.weights().at("connector.2.weight").grad().defined());
}

TEST(Adapter, FillsNoSlotWhereNothingIsInjected) {
  for (const at::Tensor& slot : random(config_of(1, 0, 0)).slots(features(1), 4)) EXPECT_FALSE(slot.defined());
}

TEST(Adapter, MapsAllTokensOfAStateInTheirOrder) {
  AdapterConfig config = config_of(1, 0, 2);
  const Adapter single = random(config);
  config.encoder_tokens = "all";
  const Adapter adapter = random(config);
  const at::Tensor tokens = features(4);  // [B,K,Dv]
  const auto slots = adapter.slots(tokens, 3);
  ASSERT_EQ(slots[0].sizes(), (at::IntArrayRef{3, 4, kSizes.lm_width}));
  EXPECT_TRUE(at::equal(slots[1], slots[0]));
  EXPECT_FALSE(slots[2].defined());
  for (int64_t k = 0; k < 4; ++k) {
    expect_close(slots[0].slice(1, k, k + 1), single.slots(tokens.slice(1, k, k + 1), 3)[0]);
  }
}

TEST(Adapter, RefusesFeaturesOfAnotherShape) {
  EXPECT_THROW(random(config_of(2, 0, 2)).slots(features(3), 4), std::logic_error);
}

TEST(Adapter, HasNoPromptWithoutPromptTuning) {
  EXPECT_FALSE(random(config_of(1, 0, 2)).prompts().defined());
}

TEST(Adapter, PromptIsItsRowsOrPassesThroughLinearTanhLinear) {
  AdapterConfig config = config_of(1, 0, 2);
  config.prompt_tuning = true;
  config.prompt_len = 3;
  const std::string name = "prompt_module.prefix_embedding.";
  const Adapter with_mlp = random(config);
  const auto& w = with_mlp.weights();
  const at::Tensor rows = w.at(name + "0.weight");
  const at::Tensor inner = at::tanh(at::linear(rows, w.at(name + "1.weight"), w.at(name + "1.bias")));
  expect_close(with_mlp.prompts(), at::linear(inner, w.at(name + "3.weight"), w.at(name + "3.bias")));

  config.mlp = false;
  const Adapter plain = random(config);
  EXPECT_FALSE(plain.weights().contains(name + "1.weight"));
  EXPECT_TRUE(at::equal(plain.prompts(), plain.weights().at(name + "0.weight")));
}

TEST(Adapter, RefusesAConfigThatCannotBe) {
  const auto weights = random_adapter(config_of(1, 0, 2), kSizes, 1);
  EXPECT_THROW(Adapter(config_of(1, 2, 0), weights), Error);
}

}  // namespace
}  // namespace epalm::adapter
