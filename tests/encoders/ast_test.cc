#include "epalm/encoders/ast.h"

#include <gmock/gmock.h>

#include "tests/encoders/refusal.h"

namespace epalm::encoders {
namespace {

using testing::HasSubstr;

constexpr double kUnit = 1.0 / (1 << 24);
// States are layer-normalised: below 4 here. A block rounds each of its numbers some 16 times: 3 blocks · 16 · 4 u.
constexpr double kTolerance = 192 * kUnit;

AstConfig tiny() {
  AstConfig config;
  config.mel_bins = 10;
  config.frames = 13;
  config.patch_size = 4;
  config.stride = 3;  // 3 rows of 4 patches
  config.width = 12;
  config.depth = 3;
  config.heads = 2;
  config.mlp_width = 16;
  config.image_classes = 0;
  config.sound_classes = 0;
  return config;
}

nn::Weights random_weights() {
  return nn::random_weights(ast_weights(tiny()), 1, 0.3);
}

at::Tensor spectrograms(int64_t batch) {
  at::manual_seed(2);
  return at::randn({batch, 13, 10});
}

TEST(Ast, HandsOverEveryBlockWithTwoRowsBeforeThePatches) {
  const Ast ast(tiny(), random_weights());
  int64_t blocks = 0;
  ast.run(spectrograms(2), [&](const at::Tensor& state) {
    EXPECT_EQ(state.sizes(), (at::IntArrayRef{2, 2 + 12, 12}));
    ++blocks;
  });
  EXPECT_EQ(blocks, 3);
}

TEST(Ast, ClsStatesAreTheNormalisedFirstRows) {
  const Ast ast(tiny(), random_weights());
  std::vector<at::Tensor> rows;
  ast.run(spectrograms(2), [&](const at::Tensor& state) { rows.push_back(state.select(1, 0)); });
  const at::Tensor states = ast.cls_states(spectrograms(2), 2);
  ASSERT_EQ(states.sizes(), (at::IntArrayRef{2, 2, 12}));
  EXPECT_LE((states - ast.normalise(at::stack({rows[1], rows[2]}, 1))).abs().max().item<double>(), kTolerance);
}

TEST(Ast, PatchesOverlapAndTimeRunsFastest) {
  // Blocks that add nothing leave the rows as they were embedded.
  const auto weights = random_weights();
  for (const auto& [name, tensor] : weights.items()) {
    if (name.find("attn.proj") != std::string::npos || name.find("mlp.fc2") != std::string::npos) tensor.zero_();
  }
  at::Tensor last;
  Ast(tiny(), weights).run(spectrograms(2), [&](const at::Tensor& state) { last = state; });
  const at::Tensor patches =
      at::conv2d(spectrograms(2).transpose(1, 2).unsqueeze(1), weights.at("v.patch_embed.proj.weight"),
                 weights.at("v.patch_embed.proj.bias"), 3);  // [B,Dv,3,4]
  const at::Tensor expected =
      at::cat({weights.at("v.cls_token").expand({2, 1, 12}), weights.at("v.dist_token").expand({2, 1, 12}),
               patches.flatten(2).transpose(1, 2)},
              1) +
      weights.at("v.pos_embed");
  // 16 products of a weight and a number, each below 4: 2 · 17 · 16 · 4 u at most, sums of both sides.
  EXPECT_LE((last - expected).abs().max().item<double>(), 2 * 17 * 16 * 4 * kUnit);
}

TEST(Ast, HearsEachSoundOfABatchAlone) {
  const Ast ast(tiny(), random_weights());
  const at::Tensor both = ast.cls_states(spectrograms(2), 3);
  for (int64_t i = 0; i < 2; ++i) {
    const at::Tensor alone = ast.cls_states(spectrograms(2).slice(0, i, i + 1), 3);
    EXPECT_LE((both.slice(0, i, i + 1) - alone).abs().max().item<double>(), kTolerance);
  }
  EXPECT_GT((both[0] - both[1]).abs().max().item<double>(), 1e-2);
}

TEST(Ast, HearsTheSameInTrainingBecauseItHasNoStochasticDepth) {
  const Ast ast(tiny(), random_weights());
  EXPECT_TRUE(at::equal(ast.cls_states(spectrograms(2), 3, true), ast.cls_states(spectrograms(2), 3)));
}

TEST(Ast, RefusesMediaOfAnotherKindOrSize) {
  const Ast ast(tiny(), random_weights());
  for (const auto& shape : std::vector<std::vector<int64_t>>{{1, 12, 10}, {1, 13, 9}, {1, 3, 13, 10}, {13, 10}}) {
    EXPECT_THAT(refusal([&] { ast.cls_states(at::zeros(shape), 1); }), HasSubstr("[B,13,10]"))
        << at::IntArrayRef(shape);
  }
}

}  // namespace
}  // namespace epalm::encoders
