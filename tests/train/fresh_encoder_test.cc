#include "epalm/train/fresh_encoder.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "epalm/base/error.h"
#include "epalm/encoders/encoder.h"
#include "epalm/io/safetensors.h"
#include "tests/train/tiny_run.h"

namespace epalm::train {
namespace {

encoders::VitConfig vit_shape() {
  encoders::VitConfig config;
  config.image_size_px = 32;
  config.patch_size_px = 16;
  config.width = 80;
  config.depth = 2;
  config.heads = 5;
  config.mlp_width = 160;
  config.classes = 0;
  return config;
}

encoders::TimesformerConfig clip_shape() {
  encoders::TimesformerConfig config;
  config.image_size_px = 32;
  config.patch_size_px = 16;
  config.width = 80;
  config.depth = 2;
  config.heads = 5;
  config.mlp_width = 160;
  config.frames = 4;
  config.classes = 0;
  return config;
}

nn::Weights write_vit(const std::filesystem::path& folder) {
  const nn::Weights weights = fresh_encoder_weights(vit_shape(), 3);
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  for (const auto& [name, tensor] : weights.items()) tensors.emplace_back(name, tensor);
  std::filesystem::create_directories(folder);
  io::write_safetensors(folder / "model.safetensors", tensors, {});
  return weights;
}

TEST(StartFromVit, TakesItsWeightsAndTellsTheOrderOfFrames) {
  const TemporaryFolder scratch("fresh_encoder");
  const nn::Weights vit = write_vit(scratch.path() / "vit");
  const nn::Weights weights = fresh_encoder_weights(clip_shape(), 5);
  start_from_vit(clip_shape(), weights, scratch.path() / "vit", 5);
  for (const auto& [name, tensor] : vit.items()) EXPECT_TRUE(at::equal(tensor, weights.at("model." + name))) << name;

  const at::Tensor times = weights.at("model.time_embed")[0];  // [F,Dv]
  EXPECT_LT((times.matmul(times.t()) - 144 * at::eye(4)).abs().max().item<double>(), 1e-3) << "12 long, orthogonal";
  const auto encoder = encoders::make_encoder(clip_shape(), weights);
  at::manual_seed(1);
  const at::Tensor clip = at::rand({1, 3, 4, 32, 32});
  const at::Tensor there = encoder->cls_states(clip, 1);
  const at::Tensor back = encoder->cls_states(clip.flip({2}), 1);
  EXPECT_GT(((there - back).norm() / there.norm()).item<double>(), 1e-3);
}

// A head that looks one frame back: of all keys that of the frame before fits its query best.
TEST(StartFromVit, HeadsLookAlongTheFrames) {
  const TemporaryFolder scratch("fresh_encoder");
  write_vit(scratch.path() / "vit");
  const nn::Weights weights = fresh_encoder_weights(clip_shape(), 5);
  start_from_vit(clip_shape(), weights, scratch.path() / "vit", 5);
  const at::Tensor times = weights.at("model.time_embed")[0];
  const at::Tensor qkv = weights.at("model.blocks.1.temporal_attn.qkv.weight");
  const int64_t ahead[] = {-1, 1, -2, 2};
  for (int64_t head = 0; head < 4; ++head) {
    const at::Tensor query = times.matmul(qkv.slice(0, head * 16, head * 16 + 16).t());
    const at::Tensor key = times.matmul(qkv.slice(0, 80 + head * 16, 80 + head * 16 + 16).t());
    const at::Tensor fits = query.matmul(key.t());  // [F,F]
    for (int64_t frame = 0; frame < 4; ++frame) {
      const int64_t seen = frame + ahead[head];
      if (seen < 0 || seen >= 4) continue;
      EXPECT_EQ(fits[frame].argmax().item<int64_t>(), seen) << head << " " << frame;
    }
  }
}

TEST(StartFromVit, RefusesWhatDoesNotFit) {
  const TemporaryFolder scratch("fresh_encoder");
  const nn::Weights weights = fresh_encoder_weights(clip_shape(), 5);
  EXPECT_THROW(start_from_vit(clip_shape(), weights, scratch.path() / "vit", 5), Error);
  write_vit(scratch.path() / "vit");
  auto many = clip_shape();
  many.frames = 17;  // heads are 16 wide
  EXPECT_THROW(start_from_vit(many, fresh_encoder_weights(many, 5), scratch.path() / "vit", 5), Error);
}

}  // namespace
}  // namespace epalm::train
