#include "epalm/encoders/timesformer_config.h"

#include <gmock/gmock.h>

#include "tests/encoders/refusal.h"
#include "tests/encoders/weight_edits.h"
#include "tests/nn/memory_file.h"

namespace epalm::encoders {
namespace {

using nn::MemoryFile;
using testing::AllOf;
using testing::HasSubstr;

TimesformerConfig tiny(SpaceTime attention = SpaceTime::kDivided) {
  TimesformerConfig config;
  config.image_size_px = 8;
  config.patch_size_px = 4;
  config.frames = 4;
  config.width = 64;
  config.depth = 2;
  config.heads = 1;
  config.mlp_width = 32;
  config.classes = 3;
  config.attention = attention;
  return config;
}

Tensors tensors_of(const TimesformerConfig& config) {
  Tensors tensors = nn::random_weights(timesformer_weights(config), 1, 0.3).items();
  for (auto& [name, tensor] : tensors) tensor.normal_(0, 0.3);
  return tensors;
}

TEST(TimesformerWeights, HaveThePublishedNumberOfParameters) {
  TimesformerConfig config;
  EXPECT_EQ(numbers(timesformer_weights(config)), 121'566'352);
  config.frames = 16;
  EXPECT_EQ(numbers(timesformer_weights(config)), 121'572'496);
}

TEST(TimesformerConfigOf, ReadsTheShapeOffAFile) {
  for (const SpaceTime attention : {SpaceTime::kDivided, SpaceTime::kJoint, SpaceTime::kSpaceOnly}) {
    const TimesformerConfig read = timesformer_config_of(MemoryFile(tensors_of(tiny(attention))));
    EXPECT_EQ(read.image_size_px, 8);
    EXPECT_EQ(read.patch_size_px, 4);
    EXPECT_EQ(read.frames, attention == SpaceTime::kSpaceOnly ? 8 : 4);
    EXPECT_EQ(read.width, 64);
    EXPECT_EQ(read.depth, 2);
    EXPECT_EQ(read.heads, 1);  // 64 per head
    EXPECT_EQ(read.mlp_width, 32);
    EXPECT_EQ(read.classes, 3);
    EXPECT_EQ(read.attention, attention);
  }
}

TEST(TimesformerConfigOf, RefusesFilesOfAnotherKindByTensorAndFile) {
  const Tensors good = tensors_of(tiny());
  for (const char* name : {"model.pos_embed", "model.blocks.0.mlp.fc1.weight"}) {
    EXPECT_THAT(refusal([&] { timesformer_config_of(MemoryFile(without(good, name))); }),
                AllOf(HasSubstr("memory.safetensors"), HasSubstr("no TimeSformer"), HasSubstr(name)));
  }
  const std::vector<std::pair<std::string, at::Tensor>> replacements{
      {"model.patch_embed.proj.weight", at::ones({64, 1, 4, 4})},
      {"model.pos_embed", at::ones({1, 5, 63})},
      {"model.time_embed", at::ones({4, 64})},
      {"model.head.bias", at::scalar_tensor(1.0f)}};
  for (const auto& [name, tensor] : replacements) {
    const MemoryFile file(with(good, name, tensor));
    EXPECT_THAT(refusal([&] { timesformer_config_of(file); }), AllOf(HasSubstr("memory.safetensors"), HasSubstr(name)));
  }
}

TEST(LoadTimesformer, LeavesTablesOfTheRightSizesAsTheyAreUnderEveryPrefix) {
  const Tensors tensors = tensors_of(tiny());
  for (const char* prefix : {"model.", "module.model.", "module.", ""}) {
    const auto weights = load_timesformer(tiny(), MemoryFile(renamed(tensors, "model.", prefix)));
    for (const auto& [name, tensor] : tensors) EXPECT_TRUE(at::equal(weights.at(name), tensor)) << prefix << name;
  }
}

TEST(LoadTimesformer, ResizesPositionsAsAFlatListAndTimesToTheNearestRow) {
  TimesformerConfig other = tiny();
  other.image_size_px = 12;  // 9 patches from 4: rows floor(i · 4 / 9)
  other.frames = 3;          // from 4: rows floor(i · 4 / 3)
  const Tensors tensors = tensors_of(tiny());
  const MemoryFile file(tensors);
  const auto weights = load_timesformer(other, file);
  const at::Tensor positions = at::tensor(std::vector<int64_t>{0, 1, 1, 1, 2, 2, 3, 3, 4, 4});  // 0 is the cls
  EXPECT_TRUE(at::equal(weights.at("model.pos_embed"), file.read("model.pos_embed").index_select(1, positions)));
  const at::Tensor times = at::tensor(std::vector<int64_t>{0, 1, 2});
  EXPECT_TRUE(at::equal(weights.at("model.time_embed"), file.read("model.time_embed").index_select(1, times)));
  other.frames = 8;
  const at::Tensor twice = at::tensor(std::vector<int64_t>{0, 0, 1, 1, 2, 2, 3, 3});
  EXPECT_TRUE(at::equal(load_timesformer(other, file).at("model.time_embed"),
                        file.read("model.time_embed").index_select(1, twice)));
}

TEST(LoadTimesformer, TakesTimeAttentionFromSpaceWhereTheFileIsOfAnImageModel) {
  const MemoryFile image(tensors_of(tiny(SpaceTime::kSpaceOnly)));
  const auto weights = load_timesformer(tiny(), image);
  for (const std::string part : {"norm1.bias", "attn.qkv.weight", "attn.proj.bias"}) {
    EXPECT_TRUE(at::equal(weights.at("model.blocks.1.temporal_" + part), image.read("model.blocks.1." + part)));
  }
  EXPECT_TRUE(at::equal(weights.at("model.blocks.1.temporal_fc.weight"), at::zeros({64, 64})));
  EXPECT_TRUE(at::equal(weights.at("model.time_embed"), at::zeros({1, 4, 64})));
}

TEST(LoadTimesformer, StartsAHeadOfAnotherSizeWithZerosAndDropsOneThatIsNotWanted) {
  const MemoryFile file(tensors_of(tiny()));
  TimesformerConfig other = tiny();
  other.classes = 7;
  EXPECT_TRUE(at::equal(load_timesformer(other, file).at("model.head.weight"), at::zeros({7, 64})));
  other.classes = 0;
  EXPECT_FALSE(load_timesformer(other, file).contains("model.head.weight"));
}

TEST(LoadTimesformer, NamesTensorAndFileOfWhatIsMissingMisshapenOrTooMuch) {
  const Tensors good = tensors_of(tiny());
  const auto load = [&](const Tensors& tensors) {
    return refusal([&] { load_timesformer(tiny(), MemoryFile(tensors)); });
  };
  EXPECT_EQ(load(good), "accepted");
  for (const char* name : {"model.cls_token", "model.pos_embed", "model.time_embed", "model.blocks.1.norm2.bias",
                           "model.blocks.0.temporal_fc.weight"}) {
    EXPECT_THAT(load(without(good, name)), AllOf(HasSubstr("memory.safetensors"), HasSubstr(name)));
  }
  const std::vector<std::pair<std::string, at::Tensor>> replacements{
      {"model.pos_embed", at::ones({5, 64})},
      {"model.pos_embed", at::ones({1, 1, 64})},
      {"model.pos_embed", at::ones({1, 5, 32})},
      {"model.time_embed", at::ones({1, 0, 64})},
      {"model.time_embed", at::ones({64})},
      {"model.blocks.1.temporal_attn.qkv.weight", at::ones({192, 63})},
      {"model.cls_token", at::ones({1, 1, 64}, at::kLong)}};
  for (const auto& [name, tensor] : replacements) {
    EXPECT_THAT(load(with(good, name, tensor)), AllOf(HasSubstr("memory.safetensors"), HasSubstr(name)));
  }
  Tensors more = good;
  more.emplace_back("model.blocks.2.norm1.weight", at::ones({64}));
  EXPECT_THAT(load(more), AllOf(HasSubstr("memory.safetensors"), HasSubstr("model.blocks.2.norm1.weight")));
}

}  // namespace
}  // namespace epalm::encoders
