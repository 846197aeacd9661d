#include "epalm/adapter/adapter_weights.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "epalm/base/error.h"
#include "epalm/io/safetensors.h"

namespace epalm::adapter {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

const FrozenSizes kTiny{.encoder_width = 6, .lm_width = 8, .embed_width = 4, .ffn_width = 12, .lm_layers = 2};

AdapterConfig with_states(int64_t states) {
  AdapterConfig config;
  config.injected_hidden_states = states;
  config.end_layer_idx = 2;
  return config;
}

AdapterConfig with_bottlenecks() {
  AdapterConfig config = with_states(1);
  config.use_adapters = true;
  config.adapter_config.mlp = {.adapter_type = "scaled_parallel"};
  config.adapter_config.attention = {.adapter_type = "normal", .downsample_factor = 2, .add_layernorm = true};
  return config;
}

int64_t trained_count(const AdapterConfig& config, const FrozenSizes& sizes) {
  int64_t count = 0;
  for (const auto& spec : adapter_weights(config, sizes)) {
    int64_t size = 1;
    for (const int64_t extent : spec.shape) size *= extent;
    count += size;
  }
  return count;
}

FrozenSizes opt(int64_t encoder_width, int64_t lm_width, int64_t embed_width) {
  return {encoder_width, lm_width, embed_width, 4 * lm_width, 32};
}

// SPEC.md §11: rows of OPT-350m (D 1024, W 512), OPT-1.3b and OPT-6.7b.
TEST(AdapterWeights, HoldAsManyNumbersAsPublished) {
  AdapterConfig with_mlp = with_states(6);
  with_mlp.prompt_tuning = true;
  AdapterConfig light = with_mlp;
  light.shared_connector = true;
  light.mlp = false;
  EXPECT_EQ(trained_count(with_mlp, opt(768, 1024, 512)), 5'255'168);
  EXPECT_EQ(trained_count(light, opt(768, 1024, 512)), 792'576);
  EXPECT_EQ(trained_count(with_mlp, opt(1024, 2048, 2048)), 21'008'384);
  EXPECT_EQ(trained_count(light, opt(768, 4096, 4096)), 3'190'784);
}

// D = 2560, d = D/4 = 640: D·d + d + d·D + D numbers in each of 32 layers, and twice as many with attention.
TEST(AdapterWeights, OfBottlenecksAreTwoMatricesALayerAndPlace) {
  AdapterConfig config = with_states(1);
  const FrozenSizes sizes = opt(768, 2560, 2560);
  const int64_t without = trained_count(config, sizes);
  config.use_adapters = true;
  config.adapter_config.mlp = {.adapter_type = "normal"};
  constexpr int64_t kOne = 2 * 2560 * 640 + 640 + 2560;
  EXPECT_EQ(trained_count(config, sizes) - without, 32 * kOne);
  config.adapter_config.attention = {.adapter_type = "scaled_parallel"};
  EXPECT_EQ(trained_count(config, sizes) - without, 32 * (2 * kOne + 1));
  config.adapter_config.attention->add_layernorm = true;
  EXPECT_EQ(trained_count(config, sizes) - without, 32 * (2 * kOne + 1 + 2 * 2560));
  config.use_adapters = false;
  EXPECT_EQ(trained_count(config, sizes), without);
}

TEST(AdapterWeights, CarryPublishedNamesLayerByLayerBeforeTheConnectors) {
  std::vector<std::string> names;
  for (const auto& spec : adapter_weights(with_bottlenecks(), kTiny)) names.push_back(spec.name);
  const std::string layer = "model_text.model.decoder.layers.1.";
  ASSERT_EQ(names.size(), 2 * (6 + 5) + 2);
  EXPECT_THAT(std::vector<std::string>(names.begin() + 11, names.begin() + 22),
              ElementsAre(layer + "self_attn.adapter.0.weight", layer + "self_attn.adapter.0.bias",
                          layer + "self_attn.adapter.1.weight", layer + "self_attn.adapter.1.bias",
                          layer + "self_attn.adapter.3.weight", layer + "self_attn.adapter.3.bias",
                          layer + "fc2.adapter_scale", layer + "fc2.adapter.0.weight", layer + "fc2.adapter.0.bias",
                          layer + "fc2.adapter.2.weight", layer + "fc2.adapter.2.bias"));
  EXPECT_EQ(names.back(), "connector.0.bias");
  EXPECT_EQ(published_names(names[0]),
            (std::vector<std::string>{names[0], "transformer.0.self_attn.adapter.0.weight"}));
  EXPECT_EQ(published_names("connector.0.bias"), (std::vector<std::string>{"connector.0.bias"}));
}

TEST(AdapterWeights, NormalOnesStandBehindFc2AndReadTheWidthOfTheLanguageModel) {
  AdapterConfig config = with_bottlenecks();
  config.adapter_config = {.mlp = BottleneckConfig{.adapter_type = "normal", .downsample_factor = 4}};
  const auto behind = adapter_weights(config, kTiny).front();
  EXPECT_EQ(behind.name, "model_text.model.decoder.layers.0.fc2.1.adapter.0.weight");
  EXPECT_EQ(behind.shape, (std::vector<int64_t>{2, 8}));
  config.adapter_config.mlp->adapter_type = "parallel";  // the published program crashes where ffn_dim is not D
  const auto beside = adapter_weights(config, kTiny).front();
  EXPECT_EQ(beside.name, "model_text.model.decoder.layers.0.fc2.adapter.0.weight");
  EXPECT_EQ(beside.shape, (std::vector<int64_t>{2, 12}));
}

TEST(AdapterWeights, RefuseABottleneckWithoutWidth) {
  AdapterConfig config = with_bottlenecks();
  config.adapter_config.attention->downsample_factor = 9;
  try {
    adapter_weights(config, kTiny);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("adapter_config.attention.downsample_factor"), HasSubstr("at most 8")));
  }
}

TEST(RandomAdapter, StartsAsTorchStartsLinearLayersAndPromptRows) {
  AdapterConfig config = with_states(2);
  config.prompt_tuning = true;
  config.prompt_len = 50;
  const FrozenSizes sizes{16, 100, 64, 400, 2};
  const auto weights = random_adapter(config, sizes, 3);
  EXPECT_EQ(weights.items().size(), adapter_weights(config, sizes).size());
  for (const auto& [name, tensor] : weights.items()) {
    if (name.ends_with("embedding.0.weight")) continue;
    const double limit = name.starts_with("connector") ? 1 / 4.0 : 1 / 8.0;  // 1/sqrt(inputs)
    EXPECT_LE(tensor.abs().max().item<double>(), limit) << name;
    EXPECT_GT(tensor.abs().max().item<double>(), 0.9 * limit) << name;  // of at least 64 draws: fails once in 800 seeds
  }
  // 3'200 draws of N(0,1): their standard deviation errs by 1/sqrt(6'400), five times that.
  EXPECT_NEAR(weights.at("prompt_module.prefix_embedding.0.weight").std().item<double>(), 1, 5 / 80.0);
  EXPECT_TRUE(at::equal(weights.at("connector.1.weight"), random_adapter(config, sizes, 3).at("connector.1.weight")));
  EXPECT_FALSE(at::equal(weights.at("connector.1.weight"), random_adapter(config, sizes, 4).at("connector.1.weight")));
}

// N(0, s²) with what lies beyond ±2s moved to there has the variance s²·(0.9545 - 4φ(2) + 4·0.0455), φ(2) = 0.05399: a
// deviation of 0.9594 s. Of n draws it errs by s/sqrt(2n), five times that.
TEST(RandomAdapter, StartsBottlenecksNearZeroAndTheirScaleAtOne) {
  AdapterConfig config = with_bottlenecks();
  const FrozenSizes sizes{16, 128, 64, 256, 2};
  const auto weights = random_adapter(config, sizes, 3);
  const std::string layer = "model_text.model.decoder.layers.1.";
  EXPECT_EQ(weights.at(layer + "fc2.adapter_scale").item<float>(), 1);
  EXPECT_TRUE(at::equal(weights.at(layer + "self_attn.adapter.0.weight"), at::ones({128})));
  EXPECT_TRUE(at::equal(weights.at(layer + "self_attn.adapter.0.bias"), at::zeros({128})));
  for (const char* name : {"self_attn.adapter.1.weight", "self_attn.adapter.3.weight", "fc2.adapter.0.weight"}) {
    const at::Tensor& matrix = weights.at(layer + name);         // at least 8'192 draws
    EXPECT_EQ(matrix.abs().max().item<float>(), 2e-3F) << name;  // one in 22 is cut
    EXPECT_NEAR(matrix.std().item<double>(), 0.9594e-3, 5e-3 / std::sqrt(2 * 8'192.0)) << name;
  }
  EXPECT_GT(weights.at(layer + "fc2.adapter.2.bias").abs().max().item<double>(), 1e-3);  // of 128 draws
}

class LoadAdapter : public testing::Test {
 protected:
  ~LoadAdapter() override { std::filesystem::remove(path_); }

  // The error of loading such a file, or "accepted".
  std::string load(const std::vector<std::pair<std::string, at::Tensor>>& tensors) {
    io::write_safetensors(path_, tensors);
    try {
      loaded_ = load_adapter(adapter_weights(with_bottlenecks(), kTiny), *io::open_tensor_file(path_));
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  }

  std::filesystem::path path_ =
      std::filesystem::path(testing::TempDir()) / fmt::format("load_adapter_{}.safetensors", ::getpid());
  nn::Weights random_ = random_adapter(with_bottlenecks(), kTiny, 5);
  nn::Weights loaded_;
};

TEST_F(LoadAdapter, ReadsEitherNameOrBoth) {
  std::vector<std::pair<std::string, at::Tensor>> both, second;
  for (const auto& [name, tensor] : random_.items()) {
    const auto names = published_names(name);
    for (const auto& published : names) both.emplace_back(published, tensor.clone());
    second.emplace_back(names.back(), tensor.clone());
  }
  for (const auto& tensors : {random_.items(), both, second}) {
    ASSERT_EQ(load(tensors), "accepted");
    for (const auto& [name, tensor] : random_.items()) EXPECT_TRUE(at::equal(loaded_.at(name), tensor)) << name;
  }
}

TEST_F(LoadAdapter, RefusesMissingMisshapenAndUnknownTensors) {
  auto tensors = random_.items();
  const std::string first = tensors.front().first;
  tensors.emplace_back("transformer.2.fc2.adapter_scale", at::ones({1}));  // there is no third layer
  EXPECT_THAT(load(tensors), HasSubstr("not part of the model: transformer.2.fc2.adapter_scale"));
  tensors.pop_back();
  tensors.front().second = at::ones({3});
  EXPECT_THAT(load(tensors), HasSubstr("wrong shape: " + first));
  tensors.erase(tensors.begin());
  EXPECT_THAT(load(tensors), HasSubstr("missing: " + first));
}

}  // namespace
}  // namespace epalm::adapter
