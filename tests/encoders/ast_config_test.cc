#include "epalm/encoders/ast_config.h"

#include <gmock/gmock.h>

#include "tests/encoders/refusal.h"
#include "tests/encoders/weight_edits.h"
#include "tests/nn/memory_file.h"

namespace epalm::encoders {
namespace {

using nn::MemoryFile;
using testing::AllOf;
using testing::HasSubstr;

AstConfig tiny() {
  AstConfig config;
  config.mel_bins = 16;
  config.frames = 22;
  config.patch_size = 4;
  config.stride = 3;  // 5 rows of 7 patches
  config.width = 64;
  config.depth = 2;
  config.heads = 1;
  config.mlp_width = 32;
  config.image_classes = 3;
  config.sound_classes = 5;
  return config;
}

Tensors tensors_of(const AstConfig& config) {
  return nn::random_weights(ast_weights(config), 1, 0.3).items();
}

TEST(AstWeights, HaveThePublishedNumberOfParameters) {
  EXPECT_EQ(numbers(ast_weights({})), 88'132'063);
  EXPECT_EQ(AstConfig().grid_rows(), 12);
  EXPECT_EQ(AstConfig().grid_columns(), 101);
}

TEST(AstConfigOf, ReadsTheShapeOffAFile) {
  const AstConfig read = ast_config_of(MemoryFile(tensors_of(tiny())), 0, 16, 22, 3);
  EXPECT_EQ(read.patch_size, 4);
  EXPECT_EQ(read.width, 64);
  EXPECT_EQ(read.depth, 2);
  EXPECT_EQ(read.heads, 1);  // 64 per head
  EXPECT_EQ(read.mlp_width, 32);
  EXPECT_EQ(read.image_classes, 3);
  EXPECT_EQ(read.sound_classes, 5);
  EXPECT_EQ(read.grid_columns(), 7);
}

TEST(AstConfigOf, RefusesFilesOfAnotherKindByTensorAndFile) {
  const Tensors good = tensors_of(tiny());
  const auto read = [&](const Tensors& tensors, int64_t frames = 22) {
    return refusal([&] { ast_config_of(MemoryFile(tensors), 0, 16, frames, 3); });
  };
  EXPECT_THAT(read(without(good, "v.pos_embed")),
              AllOf(HasSubstr("memory.safetensors"), HasSubstr("no AST"), HasSubstr("v.pos_embed")));
  EXPECT_THAT(read(with(good, "v.patch_embed.proj.weight", at::ones({64, 3, 4, 4}))),
              AllOf(HasSubstr("memory.safetensors"), HasSubstr("v.patch_embed.proj.weight")));
  EXPECT_THAT(read(good, 25), AllOf(HasSubstr("memory.safetensors"), HasSubstr("v.pos_embed"), HasSubstr("25 frames")));
  EXPECT_THAT(read(good, 3), AllOf(HasSubstr("memory.safetensors"), HasSubstr("3 frames")));
}

TEST(LoadAst, LeavesATableOfTheRightGridAsItIsWithAndWithoutThePrefix) {
  const Tensors tensors = tensors_of(tiny());
  for (const char* prefix : {"", "module."}) {
    const auto weights = load_ast(tiny(), MemoryFile(renamed(tensors, "", prefix)), tiny());
    for (const auto& [name, tensor] : tensors) EXPECT_TRUE(at::equal(weights.at(name), tensor)) << prefix << name;
  }
}

// The table of a file whose row for (r, c) holds 10 r + c, resized to so many rows and columns.
at::Tensor resized(int64_t rows, int64_t columns) {
  AstConfig wanted = tiny();
  wanted.mel_bins = 4 + 3 * (rows - 1);
  wanted.frames = 4 + 3 * (columns - 1);
  const at::Tensor grid = 10 * at::arange(5, at::kFloat).view({5, 1}) + at::arange(7, at::kFloat).view({1, 7});
  const at::Tensor table = at::cat({at::full({1, 2, 64}, -1.0), grid.view({1, 35, 1}).expand({1, 35, 64})}, 1);
  const auto weights = load_ast(wanted, MemoryFile(with(tensors_of(tiny()), "v.pos_embed", table)), tiny());
  const at::Tensor positions = weights.at("v.pos_embed");
  EXPECT_EQ(positions.sizes(), (at::IntArrayRef{1, 2 + rows * columns, 64}));
  EXPECT_TRUE(at::equal(positions.slice(1, 0, 2), at::full({1, 2, 64}, -1.0)));
  return positions.select(2, 0).slice(1, 2).view({rows, columns});
}

TEST(LoadAst, CutsTheMiddleOutOfALargerGrid) {
  EXPECT_TRUE(at::equal(resized(5, 4).select(0, 0), at::tensor({1.0f, 2.0f, 3.0f, 4.0f})));  // from 7 / 2 - 4 / 2
  EXPECT_TRUE(at::equal(resized(5, 3).select(0, 0), at::tensor({2.0f, 3.0f, 4.0f})));
  EXPECT_TRUE(at::equal(resized(2, 7).select(1, 0), at::tensor({10.0f, 20.0f})));
  EXPECT_TRUE(at::equal(resized(1, 1), at::full({1, 1}, 23.0f)));
}

TEST(LoadAst, ResizesASmallerGridBilinearly) {
  // Columns at (i + 0.5) · 7 / 14 - 0.5, held inside. Numbers below 100 are rounded a few times.
  const at::Tensor wider = resized(5, 14);
  for (int64_t i = 0; i < 14; ++i) {
    const double expected = std::min(6.0, std::max(0.0, (static_cast<double>(i) + 0.5) / 2 - 0.5));
    EXPECT_NEAR(wider[1][i].item<double>(), 10 + expected, 1e-4);
  }
  EXPECT_NEAR(resized(10, 3)[1][0].item<double>(), 2 + 10 * 0.25, 1e-4);
}

TEST(LoadAst, StartsHeadsOfAnotherSizeWithZerosAndDropsThoseThatAreNotWanted) {
  const MemoryFile file(tensors_of(tiny()));
  AstConfig other = tiny();
  other.sound_classes = 9;
  EXPECT_TRUE(at::equal(load_ast(other, file, tiny()).at("mlp_head.1.weight"), at::zeros({9, 64})));
  other.sound_classes = 0;
  other.image_classes = 0;
  const auto bare = load_ast(other, file, tiny());
  EXPECT_FALSE(bare.contains("mlp_head.0.weight"));
  EXPECT_FALSE(bare.contains("v.head.weight"));
  EXPECT_NO_THROW(load_ast(tiny(), MemoryFile(without(tensors_of(tiny()), "head")), tiny()));
}

TEST(LoadAst, NamesTensorAndFileOfWhatIsMissingMisshapenOrTooMuch) {
  const Tensors good = tensors_of(tiny());
  const auto load = [&](const Tensors& tensors) {
    return refusal([&] { load_ast(tiny(), MemoryFile(tensors), tiny()); });
  };
  EXPECT_EQ(load(good), "accepted");
  for (const char* name : {"v.cls_token", "v.dist_token", "v.pos_embed", "v.blocks.1.attn.proj.bias"}) {
    EXPECT_THAT(load(without(good, name)), AllOf(HasSubstr("memory.safetensors"), HasSubstr(name)));
  }
  const std::vector<std::pair<std::string, at::Tensor>> replacements{{"v.pos_embed", at::ones({1, 36, 64})},
                                                                     {"v.pos_embed", at::ones({37, 64})},
                                                                     {"v.pos_embed", at::ones({1, 37, 32})},
                                                                     {"v.dist_token", at::ones({1, 64})}};
  for (const auto& [name, tensor] : replacements) {
    EXPECT_THAT(load(with(good, name, tensor)), AllOf(HasSubstr("memory.safetensors"), HasSubstr(name)));
  }
  Tensors more = good;
  more.emplace_back("v.time_embed", at::ones({1, 8, 64}));
  EXPECT_THAT(load(more), AllOf(HasSubstr("memory.safetensors"), HasSubstr("v.time_embed")));
  Tensors twice = good;
  twice.emplace_back("module.v.cls_token", at::ones({1, 1, 64}));
  EXPECT_THAT(load(twice), AllOf(HasSubstr("memory.safetensors"), HasSubstr("v.cls_token")));
}

}  // namespace
}  // namespace epalm::encoders
