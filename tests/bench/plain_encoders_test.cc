#include "epalm/bench/plain_encoders.h"

#include <gtest/gtest.h>

#include "epalm/encoders/ast.h"
#include "epalm/encoders/timesformer.h"
#include "epalm/encoders/vit.h"

namespace epalm::bench {
namespace {

// States are layer-normalised: below 8 here. A block rounds each of its numbers some 32 times, over 2 blocks.
constexpr double kTolerance = 2 * 32 * 8.0 / (1 << 24);

template <typename Config>
Config tiny() {
  Config config;
  config.width = 16;
  config.depth = 2;
  config.heads = 2;
  config.mlp_width = 24;
  return config;
}

void expect_same(const encoders::Encoder& encoder, const at::Tensor& media, const at::Tensor& plain) {
  at::Tensor last;
  encoder.run(media, [&](const at::Tensor& state) { last = state; });
  const at::Tensor ours = encoder.normalise(last);
  ASSERT_EQ(ours.sizes(), plain.sizes());
  EXPECT_GT(ours.std().item<double>(), 0.1);
  EXPECT_LE((ours - plain).abs().max().item<double>(), kTolerance);
}

TEST(PlainEncoders, VitIsOurs) {
  auto config = tiny<encoders::VitConfig>();
  config.image_size_px = 12;
  config.patch_size_px = 4;
  const encoders::Vit vit(config, random_weights_without_zeros(encoders::vit_weights(config), 0.3));
  at::manual_seed(2);
  const at::Tensor pixels = at::randn({2, 3, 12, 12});
  expect_same(vit, pixels, plain_vit(config, vit.weights(), pixels));
}

TEST(PlainEncoders, TimesformerIsOurs) {
  auto config = tiny<encoders::TimesformerConfig>();
  config.image_size_px = 8;
  config.patch_size_px = 4;
  config.frames = 3;
  const encoders::Timesformer timesformer(config,
                                          random_weights_without_zeros(encoders::timesformer_weights(config), 0.3));
  at::manual_seed(2);
  const at::Tensor clip = at::randn({2, 3, 3, 8, 8});
  expect_same(timesformer, clip, plain_timesformer(config, timesformer.weights(), clip));
}

TEST(PlainEncoders, AstIsOurs) {
  auto config = tiny<encoders::AstConfig>();
  config.mel_bins = 8;
  config.frames = 12;
  config.patch_size = 4;
  config.stride = 2;
  const encoders::Ast ast(config, random_weights_without_zeros(encoders::ast_weights(config), 0.3));
  at::manual_seed(2);
  const at::Tensor sounds = at::randn({2, 12, 8});
  expect_same(ast, sounds, plain_ast(config, ast.weights(), sounds));
}

}  // namespace
}  // namespace epalm::bench
