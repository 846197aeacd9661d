// Encoders that train with blocks computed anew in the backward pass against those that keep them.
#include "epalm/nn/recompute.h"

#include <gtest/gtest.h>

#include "epalm/encoders/ast.h"
#include "epalm/encoders/timesformer.h"
#include "epalm/encoders/vit.h"
#include "epalm/nn/dropout.h"

namespace epalm::encoders {
namespace {

template <typename Config>
Config shrunk(Config config) {
  config.width = 12;
  config.depth = 3;
  config.heads = 2;
  config.mlp_width = 24;
  return config;
}

std::vector<at::Tensor> gradients(const Encoder& encoder, const at::Tensor& media, bool recomputed) {
  for (const auto& [name, tensor] : encoder.weights().items()) {
    tensor.mutable_grad().reset();
    tensor.requires_grad_(true);
  }
  nn::seed_dropout(3);
  at::Tensor states;
  {
    const nn::RecomputedBlocks blocks(recomputed);
    states = encoder.cls_states(media, 2, true);
  }
  at::manual_seed(4);
  states.backward(at::randn(states.sizes()));
  std::vector<at::Tensor> result{states.detach()};
  for (const auto& [name, tensor] : encoder.weights().items()) result.push_back(tensor.grad());
  return result;
}

void expect_the_same(const Encoder& encoder, const at::Tensor& media) {
  const auto kept = gradients(encoder, media, false), anew = gradients(encoder, media, true);
  for (size_t i = 0; i < kept.size(); ++i) {
    const std::string name = i == 0 ? "states" : encoder.weights().items()[i - 1].first;
    ASSERT_EQ(anew[i].defined(), kept[i].defined()) << name;
    EXPECT_TRUE(!kept[i].defined() || at::equal(anew[i], kept[i])) << name;
  }
}

TEST(EncoderRecomputed, HasTheSameGradientsBitForBit) {
  at::manual_seed(1);
  auto vit = shrunk(VitConfig{});
  vit.image_size_px = 16;
  vit.patch_size_px = 8;
  vit.classes = 0;
  expect_the_same(Vit(vit, nn::random_weights(vit_weights(vit), 2, 0.3)), at::randn({2, 3, 16, 16}));
  auto ast = shrunk(AstConfig{});
  ast.mel_bins = 16;
  ast.frames = 64;
  ast.image_classes = ast.sound_classes = 0;
  expect_the_same(Ast(ast, nn::random_weights(ast_weights(ast), 2, 0.3)), at::randn({2, 64, 16}));
  for (const SpaceTime attention : {SpaceTime::kDivided, SpaceTime::kSpaceOnly}) {  // with stochastic depth
    auto timesformer = shrunk(TimesformerConfig{});
    timesformer.image_size_px = 16;
    timesformer.patch_size_px = 8;
    timesformer.frames = 2;
    timesformer.classes = 0;
    timesformer.attention = attention;
    expect_the_same(Timesformer(timesformer, nn::random_weights(timesformer_weights(timesformer), 2, 0.3)),
                    at::randn({2, 3, 2, 16, 16}));
  }
}

}  // namespace
}  // namespace epalm::encoders
