#include "epalm/bench/arithmetic.h"

#include <gtest/gtest.h>

namespace epalm::bench {
namespace {

lm::OptConfig small_lm() {
  lm::OptConfig config;
  config.vocab_size = 10;
  config.hidden_size = config.word_embed_proj_dim = 4;
  config.num_hidden_layers = 3;
  config.ffn_dim = 8;
  return config;
}

// Per row and layer 4 matrices of 4x4 and 2 of 4x8: 128 products of numbers; per predicting row 40.
TEST(Arithmetic, OfOptIsOneProductForEachWeightAndRow) {
  EXPECT_EQ(opt_flop(small_lm(), 5, 2), 2 * (3 * 5 * 128 + 2 * 40));
}

TEST(Arithmetic, OfTrainingIsAsMuchAgainInTheLayersThatGradientsReach) {
  const LayerRows five{5, 5}, four{4, 4};
  EXPECT_EQ(training_flop(small_lm(), {five, five, five}, 2, 3), 2 * opt_flop(small_lm(), 5, 2));
  EXPECT_EQ(training_flop(small_lm(), {five, five, five}, 2, 1), 2 * opt_flop(small_lm(), 5, 2) - 2 * (2 * 5 * 128));
  EXPECT_EQ(training_flop(small_lm(), {four, four, five}, 2, 1), 2 * ((4 + 4 + 2 * 5) * 128 + 2 * 2 * 40));
  // A row that nobody reads meets the matrices of keys and values, 32 products.
  EXPECT_EQ(training_flop(small_lm(), {five, five, {5, 3}}, 2, 3), 2 * opt_flop(small_lm(), 5, 2) - 2 * 2 * 2 * 96);
}

// What is published of them, in products of numbers: ViT-B/16 17.6e9 (arXiv:2010.11929), TimeSformer-B 196e9
// (arXiv:2102.05095, table 2: 0.59 TFLOPs of three views). AST-B: as ViT-B over 1214 rows.
TEST(Arithmetic, OfEncodersIsWhatIsPublished) {
  EXPECT_NEAR(vit_flop({}, 1) / 2e9, 17.6, 0.1);
  EXPECT_NEAR(timesformer_flop({}, 1) / 2e9, 196, 4);
  const double rows = 2 + 12 * 101, block = rows * (12 * 768 * 768 + 2 * rows * 768);
  EXPECT_NEAR(ast_flop({}, 1) / 2e9, (12 * block + (rows - 2) * 256 * 768) / 1e9, 0.1);
  EXPECT_DOUBLE_EQ(vit_flop({}, 3), 3 * vit_flop({}, 1));
}

}  // namespace
}  // namespace epalm::bench
