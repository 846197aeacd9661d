#include "epalm/adapter/bottleneck.h"

#include <gmock/gmock.h>

#include "epalm/adapter/adapter.h"
#include "epalm/adapter/adapter_weights.h"
#include "epalm/base/error.h"

namespace epalm::adapter {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr int64_t kWidth = 16, kFfnWidth = 24;
constexpr double kUnit = 1.0 / (1 << 24);

nn::Weights weights_of(const BottleneckPlaces& places, double std) {
  return nn::random_weights(bottleneck_weights(places, kWidth, kFfnWidth, 1), 1, std);
}

BottleneckPlaces beside_fc2(const std::string& type, bool layernorm = false) {
  return {.mlp = BottleneckConfig{.adapter_type = type, .downsample_factor = 4, .add_layernorm = layernorm}};
}

at::Tensor random(int64_t width, uint64_t seed) {
  at::manual_seed(seed);
  return at::randn({2, 3, width});
}

// f of the published module, in the plainest words.
at::Tensor plain(const nn::Weights& w, const std::string& scope, bool layernorm, at::Tensor x) {
  int i = 0;
  const auto at = [&](const char* name) { return w.at(fmt::format("{}adapter.{}.{}", scope, i, name)); };
  if (layernorm) {
    x = at::layer_norm(x, {x.size(-1)}, at("weight"), at("bias"), 1e-5);
    ++i;
  }
  x = at::relu(at::linear(x, at("weight"), at("bias")));
  i += 2;
  return at::linear(x, at("weight"), at("bias"));
}

// Weights N(0, 0.5²): |f| stays below 16. It sums up to 24 products twice, and two orders of summation may differ by
// 2 · (24 + 4) roundings of that size.
constexpr double kTolerance = 56 * 16 * kUnit;

void expect_close(const at::Tensor& got, const at::Tensor& expected) {
  ASSERT_EQ(got.sizes(), expected.sizes());
  EXPECT_LE((got - expected).abs().max().item<double>(), kTolerance);
}

TEST(Bottleneck, NormalAddsWhatItMakesOfTheOutput) {
  for (const bool layernorm : {false, true}) {
    const auto places = beside_fc2("normal", layernorm);
    const auto weights = weights_of(places, 0.5);
    const std::string scope = mlp_scope(0, *places.mlp);
    const at::Tensor y = random(kWidth, 2);
    expect_close(Bottleneck(*places.mlp, weights, scope)(random(kFfnWidth, 1), y),
                 y + plain(weights, scope, layernorm, y));
  }
}

TEST(Bottleneck, ParallelAddsWhatItMakesOfTheInput) {
  for (const bool layernorm : {false, true}) {
    const auto places = beside_fc2("parallel", layernorm);
    const auto weights = weights_of(places, 0.5);
    const std::string scope = mlp_scope(0, *places.mlp);
    const at::Tensor x = random(kFfnWidth, 1), y = random(kWidth, 2);
    expect_close(Bottleneck(*places.mlp, weights, scope)(x, y), y + plain(weights, scope, layernorm, x));
  }
}

TEST(Bottleneck, ScaledParallelMultipliesItByALearntNumber) {
  const auto places = beside_fc2("scaled_parallel");
  const auto weights = weights_of(places, 0.5);
  const std::string scope = mlp_scope(0, *places.mlp);
  const at::Tensor scale = weights.at(scope + "adapter_scale");
  EXPECT_EQ(scale.item<float>(), 1);
  scale.fill_(-0.5);
  scale.set_requires_grad(true);
  const at::Tensor x = random(kFfnWidth, 1), y = random(kWidth, 2), change = plain(weights, scope, false, x);
  const at::Tensor got = Bottleneck(*places.mlp, weights, scope)(x, y);
  expect_close(got.detach(), y - 0.5 * change);
  got.sum().backward();  // d/ds of the sum of y + s f(x); 96 numbers below 16 and their errors
  EXPECT_NEAR(scale.grad().item<double>(), change.sum().item<double>(), 96 * kTolerance);
}

TEST(Bottleneck, GradientReachesEveryWeightAndWhatItReads) {
  for (const char* type : {"normal", "parallel", "scaled_parallel"}) {
    const auto places = beside_fc2(type, true);
    const auto weights = weights_of(places, 0.5);
    for (const auto& [name, tensor] : weights.items()) tensor.set_requires_grad(true);
    const at::Tensor x = random(kFfnWidth, 1).set_requires_grad(true), y = random(kWidth, 2).set_requires_grad(true);
    Bottleneck(*places.mlp, weights, mlp_scope(0, *places.mlp))(x, y).square().sum().backward();
    for (const auto& [name, tensor] : weights.items()) {
      ASSERT_TRUE(tensor.grad().defined()) << type << " " << name;
      EXPECT_GT(tensor.grad().abs().max().item<double>(), 0) << type << " " << name;
    }
    EXPECT_TRUE(y.grad().defined());
    EXPECT_EQ(x.grad().defined(), type != std::string("normal"));
  }
}

// |f| at the start: a sum of D/4 = 4 activations, each at most (24 · 4 + 1) · 2e-3, times 2e-3, and a bias of 2e-3,
// where |x| <= 4.
TEST(Bottleneck, StartsNearTheIdentity) {
  AdapterConfig config;
  config.use_adapters = true;
  for (const char* type : {"normal", "parallel", "scaled_parallel"}) {
    config.adapter_config = beside_fc2(type);
    const FrozenSizes sizes{6, kWidth, kWidth, kFfnWidth, 1};
    const auto weights = random_adapter(config, sizes, 3);
    const at::Tensor x = random(kFfnWidth, 1).clamp(-4, 4), y = random(kWidth, 2).clamp(-4, 4);
    const at::Tensor got =
        Bottleneck(*config.adapter_config.mlp, weights, mlp_scope(0, *config.adapter_config.mlp))(x, y);
    EXPECT_LE((got - y).abs().max().item<double>(), 4 * 97 * 2e-3 * 2e-3 + 2e-3 + 8 * kUnit) << type;
    EXPECT_FALSE(at::equal(got, y)) << type;
  }
}

TEST(Adapter, BottlenecksStandInEveryLayerWhereAskedFor) {
  AdapterConfig config;
  config.adapter_config.attention = {.adapter_type = "normal"};
  const FrozenSizes sizes{6, kWidth, kWidth, kFfnWidth, 3};
  EXPECT_TRUE(Adapter(config, random_adapter(config, sizes, 1)).bottlenecks(3).empty());
  config.use_adapters = true;
  const auto layers = Adapter(config, random_adapter(config, sizes, 1)).bottlenecks(3);
  ASSERT_EQ(layers.size(), 3u);
  for (const auto& layer : layers) {
    EXPECT_TRUE(layer.attention.has_value());
    EXPECT_FALSE(layer.mlp.has_value());
  }
}

std::string refusal(const BottleneckPlaces& places, bool use = true) {
  AdapterConfig config;
  config.use_adapters = use;
  config.adapter_config = places;
  try {
    validate(config);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(BottleneckConfig, RefusesWhatCannotBeAndNamesTheKey) {
  EXPECT_EQ(refusal(beside_fc2("scaled_parallel")), "accepted");
  EXPECT_THAT(refusal({}), AllOf(HasSubstr("use_adapters"), HasSubstr("adapter_config")));
  EXPECT_EQ(refusal({}, false), "accepted");
  EXPECT_THAT(refusal({.mlp = BottleneckConfig{}}),
              AllOf(HasSubstr("adapter_config.mlp.adapter_type"), HasSubstr("'scaled_parallel', got ''")));
  EXPECT_THAT(refusal({.attention = BottleneckConfig{.adapter_type = "serial"}}),
              AllOf(HasSubstr("adapter_config.attention.adapter_type"), HasSubstr("got 'serial'")));
  BottleneckPlaces places = beside_fc2("normal");
  places.mlp->downsample_factor = 0;
  EXPECT_THAT(refusal(places),
              AllOf(HasSubstr("adapter_config.mlp.downsample_factor"), HasSubstr("at least 1, got 0")));
}

}  // namespace
}  // namespace epalm::adapter
