#include "epalm/encoders/vit.h"

#include <gtest/gtest.h>

#include "epalm/base/error.h"

namespace epalm::encoders {
namespace {

constexpr double kUnit = 1.0 / (1 << 24);

VitConfig tiny() {
  VitConfig config;
  config.image_size_px = 8;
  config.patch_size_px = 4;
  config.width = 12;
  config.depth = 3;
  config.heads = 2;
  config.mlp_width = 16;
  config.classes = 0;
  return config;
}

Vit random() {
  return {tiny(), nn::random_weights(vit_weights(tiny()), 1, 0.3)};
}

at::Tensor pixels(int64_t batch) {
  at::manual_seed(2);
  return at::randn({batch, 3, 8, 8});
}

// States are layer-normalised: below 4 here. A block rounds each of its numbers some 16 times: 3 blocks · 16 · 4 u.
constexpr double kTolerance = 192 * kUnit;

TEST(Vit, HandsOverEveryBlockWithOneRowPerPatchAfterTheCls) {
  std::vector<at::Tensor> states;
  random().run(pixels(2), [&](const at::Tensor& state) { states.push_back(state); });
  ASSERT_EQ(states.size(), 3u);
  for (const at::Tensor& state : states) EXPECT_EQ(state.sizes(), (at::IntArrayRef{2, 1 + 4, 12}));
}

TEST(Vit, ClsStatesAreTheNormalisedFirstRowsOldestFirst) {
  const Vit vit = random();
  std::vector<at::Tensor> states;
  vit.run(pixels(2), [&](const at::Tensor& state) { states.push_back(state); });
  for (int64_t n = 1; n <= 3; ++n) {
    const at::Tensor cls = vit.cls_states(pixels(2), n);
    ASSERT_EQ(cls.sizes(), (at::IntArrayRef{2, n, 12}));
    for (int64_t i = 0; i < n; ++i) {
      const at::Tensor state = vit.normalise(states[static_cast<size_t>(3 - n + i)]).select(1, 0);
      EXPECT_LE((cls.select(1, i) - state).abs().max().item<double>(), kTolerance);
    }
  }
}

// 65 rows of frozen bfloat16, which meet in bfloat16: a number that is rounded another way moves by 2^-8 of itself.
TEST(Vit, ClsStatesOfManyRowsInBFloat16AreTheFirstRows) {
  VitConfig config = tiny();
  config.image_size_px = 32;
  const Vit vit(config, nn::random_weights(vit_weights(config), 1, 0.3, nn::Precision::kBFloat16));
  at::manual_seed(2);
  const at::Tensor picture = at::randn({2, 3, 32, 32});
  const at::NoGradGuard no_gradients;
  const at::Tensor tokens = vit.last_tokens(picture);
  ASSERT_EQ(tokens.size(1), 1 + 64);
  EXPECT_GE(at::cosine_similarity(vit.cls_states(picture, 1), tokens.slice(1, 0, 1), -1).min().item<double>(), 0.9999);
}

TEST(Vit, LastTokensAreTheNormalisedLastState) {
  const Vit vit = random();
  at::Tensor last;
  vit.run(pixels(2), [&](const at::Tensor& state) { last = state; });
  const at::Tensor tokens = vit.last_tokens(pixels(2));
  ASSERT_EQ(tokens.sizes(), (at::IntArrayRef{2, 1 + 4, 12}));
  EXPECT_TRUE(at::equal(tokens, vit.normalise(last)));
  EXPECT_LE((tokens.slice(1, 0, 1) - vit.cls_states(pixels(2), 1)).abs().max().item<double>(), kTolerance);
}

TEST(Vit, RefusesMoreStatesThanBlocksAndNone) {
  const Vit vit = random();
  EXPECT_THROW(vit.cls_states(pixels(1), 0), Error);
  EXPECT_THROW(vit.cls_states(pixels(1), 4), Error);
  EXPECT_NO_THROW(vit.cls_states(pixels(1), 3));
}

TEST(Vit, RefusesPixelsOfAnotherShape) {
  const Vit vit = random();
  for (const auto& shape : std::vector<std::vector<int64_t>>{{1, 3, 8, 4}, {1, 1, 8, 8}, {3, 8, 8}, {1, 3, 12, 12}}) {
    EXPECT_THROW(vit.cls_states(at::zeros(shape), 1), std::logic_error);
  }
}

TEST(Vit, SeesEachImageOfABatchAlone) {
  const Vit vit = random();
  const at::Tensor both = vit.cls_states(pixels(2), 3);
  for (int64_t i = 0; i < 2; ++i) {
    const at::Tensor alone = vit.cls_states(pixels(2).slice(0, i, i + 1), 3);
    EXPECT_LE((both.slice(0, i, i + 1) - alone).abs().max().item<double>(), kTolerance);
  }
  EXPECT_GT((both[0] - both[1]).abs().max().item<double>(), 1e-2);
}

TEST(Vit, PatchEmbeddingIsAConvolutionWithThePatchAsStride) {
  // A block that adds nothing leaves cls and patches as they were embedded.
  auto weights = nn::random_weights(vit_weights(tiny()), 1, 0.3);
  for (const auto& [name, tensor] : weights.items()) {
    if (name.find("attn.proj") != std::string::npos || name.find("mlp.fc2") != std::string::npos) tensor.zero_();
  }
  const Vit vit(tiny(), weights);
  at::Tensor last;
  vit.run(pixels(2), [&](const at::Tensor& state) { last = state; });
  const at::Tensor patches =
      at::conv2d(pixels(2), weights.at("patch_embed.proj.weight"), weights.at("patch_embed.proj.bias"), 4);
  const at::Tensor cls = weights.at("cls_token").expand({2, 1, 12});
  const at::Tensor expected = at::cat({cls, patches.flatten(2).transpose(1, 2)}, 1) + weights.at("pos_embed");
  // 48 products of a weight and a pixel, below 4 together in absolute value each: 2 · 49 · 48 u at most, sums of both
  // sides.
  EXPECT_LE((last - expected).abs().max().item<double>(), 2 * 49 * 48 * kUnit);
}

}  // namespace
}  // namespace epalm::encoders
