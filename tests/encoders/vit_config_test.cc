#include "epalm/encoders/vit_config.h"

#include <gmock/gmock.h>

#include "tests/encoders/refusal.h"
#include "tests/encoders/weight_edits.h"
#include "tests/nn/memory_file.h"

namespace epalm::encoders {
namespace {

using nn::MemoryFile;
using testing::AllOf;
using testing::HasSubstr;

VitConfig tiny() {
  VitConfig config;
  config.image_size_px = 8;
  config.patch_size_px = 4;
  config.width = 64;
  config.depth = 2;
  config.heads = 1;
  config.mlp_width = 32;
  config.classes = 3;
  return config;
}

Tensors tensors_of(const VitConfig& config) {
  return nn::random_weights(vit_weights(config), 1, 0.3).items();
}

TEST(VitShape, HasThePublishedNumberOfParameters) {
  EXPECT_EQ(numbers(vit_weights(vit_shape("vit_base_patch16_224"))), 86'567'656);
  EXPECT_EQ(numbers(vit_weights(vit_shape("vit_large_patch16_224"))), 304'326'632);
}

TEST(VitShape, ReadsSizePatchImageAndClassesFromTheName) {
  const VitConfig small = vit_shape("vit_small_patch32_384");
  EXPECT_EQ(small.width, 384);
  EXPECT_EQ(small.heads, 6);
  EXPECT_EQ(small.patch_size_px, 32);
  EXPECT_EQ(small.image_size_px, 384);
  EXPECT_EQ(small.grid(), 12);
  EXPECT_EQ(small.classes, 1000);
  EXPECT_EQ(vit_shape("vit_base_patch16_224_in21k").classes, 21843);
}

TEST(VitShape, RefusesNamesItDoesNotKnow) {
  for (const char* name : {"", "vit_medium_patch16_224", "resnet50", "vit_base_patch16", "vit_base_patch16_99999",
                           "vit_base_patch0_224", "vit_base_patch32_16"}) {
    EXPECT_THAT(refusal([&] { vit_shape(name); }), HasSubstr(std::string("'") + name + "'"));
  }
}

TEST(VitConfigOf, ReadsTheShapeOffAFile) {
  const VitConfig read = vit_config_of(MemoryFile(tensors_of(tiny())));
  EXPECT_EQ(read.image_size_px, 8);
  EXPECT_EQ(read.patch_size_px, 4);
  EXPECT_EQ(read.width, 64);
  EXPECT_EQ(read.depth, 2);
  EXPECT_EQ(read.heads, 1);  // 64 per head
  EXPECT_EQ(read.mlp_width, 32);
  EXPECT_EQ(read.classes, 3);
  EXPECT_EQ(vit_config_of(MemoryFile(tensors_of(tiny())), 4).heads, 4);
}

TEST(VitConfigOf, RefusesAFileOfAnotherKind) {
  const MemoryFile opt({{"model.decoder.embed_tokens.weight", at::ones({4, 4})}});
  EXPECT_THAT(refusal([&] { vit_config_of(opt); }), AllOf(HasSubstr("memory.safetensors"), HasSubstr("holds no ViT")));
}

TEST(VitConfigOf, RefusesTensorsOfShapesThatNoVitHas) {
  const Tensors good = tensors_of(tiny());
  const std::vector<std::pair<std::string, at::Tensor>> replacements{
      {"patch_embed.proj.weight", at::ones({64, 3, 4})},
      {"patch_embed.proj.weight", at::ones({64, 1, 4, 4})},
      {"patch_embed.proj.weight", at::ones({64, 3, 4, 5})},
      {"patch_embed.proj.weight", at::ones({64, 3, 0, 0})},
      {"patch_embed.proj.weight", at::ones({0, 3, 4, 4})},
      {"pos_embed", at::ones({5, 64})},
      {"pos_embed", at::ones({1, 1, 64})},
      {"blocks.0.mlp.fc1.weight", at::scalar_tensor(1.0f)},
      {"head.bias", at::scalar_tensor(1.0f)}};
  for (const auto& [name, tensor] : replacements) {
    const MemoryFile file(with(good, name, tensor));
    EXPECT_THAT(refusal([&] { vit_config_of(file); }), HasSubstr("memory.safetensors"))
        << name << " " << tensor.sizes();
  }
  EXPECT_THAT(refusal([&] { vit_config_of(MemoryFile(good), 3); }), HasSubstr("64 is not a multiple of 3"));
}

TEST(LoadVit, NamesWhatAFileOfAnotherKindLacks) {
  const MemoryFile opt({{"model.decoder.embed_tokens.weight", at::ones({4, 4})}});
  EXPECT_THAT(refusal([&] { load_vit(tiny(), opt); }),
              AllOf(HasSubstr("memory.safetensors"), HasSubstr("missing: cls_token"),
                    HasSubstr("model.decoder.embed_tokens.weight")));
}

TEST(LoadVit, LeavesATableOfTheRightGridAsItIs) {
  const Tensors tensors = tensors_of(tiny());
  const auto weights = load_vit(tiny(), MemoryFile(tensors));
  for (const auto& [name, tensor] : tensors) EXPECT_TRUE(at::equal(weights.at(name), tensor)) << name;
}

TEST(LoadVit, ResizesThePositionsAndKeepsTheClsRow) {
  Tensors tensors = tensors_of(tiny());
  const at::Tensor row = at::rand({1, 1, 64});
  const at::Tensor table = at::cat({at::rand({1, 1, 64}), row.expand({1, 4, 64})}, 1);
  VitConfig larger = tiny();
  larger.image_size_px = 12;
  const at::Tensor resized = load_vit(larger, MemoryFile(with(tensors, "pos_embed", table))).at("pos_embed");
  EXPECT_EQ(resized.sizes(), (at::IntArrayRef{1, 10, 64}));
  EXPECT_TRUE(at::equal(resized.slice(1, 0, 1), table.slice(1, 0, 1)));
  // Bicubic weights sum to 1, so equal rows stay. Each of 4 weights per axis is a cubic of numbers up to 4 and errs by
  // some 8 u; 16 products with rows of size 1 are rounded twice each: 2 · 4 · 8 u + 32 u.
  EXPECT_LE((resized.slice(1, 1) - row).abs().max().item<double>(), 96.0 / (1 << 24));
}

TEST(LoadVit, RefusesAPositionTableThatIsNoSquare) {
  for (const at::Tensor& table :
       {at::ones({1, 4, 64}), at::ones({1, 1, 64}), at::ones({5, 64}), at::ones({2, 5, 64})}) {
    EXPECT_THAT(refusal([&] { load_vit(tiny(), MemoryFile(with(tensors_of(tiny()), "pos_embed", table))); }),
                AllOf(HasSubstr("pos_embed"), HasSubstr("expected [1,1+g·g,width]")));
  }
}

TEST(LoadVit, StartsAHeadOfAnotherSizeWithZerosAndDropsOneThatIsNotWanted) {
  const MemoryFile file(tensors_of(tiny()));
  VitConfig other = tiny();
  other.classes = 7;
  EXPECT_TRUE(at::equal(load_vit(other, file).at("head.weight"), at::zeros({7, 64})));
  other.classes = 0;
  EXPECT_FALSE(load_vit(other, file).contains("head.weight"));
  const MemoryFile headless(without(tensors_of(tiny()), "head."));
  EXPECT_TRUE(at::equal(load_vit(tiny(), headless).at("head.bias"), at::zeros({3})));
}

}  // namespace
}  // namespace epalm::encoders
