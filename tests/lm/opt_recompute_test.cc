// Layers that are computed anew in the backward pass (nn/recompute.h) against layers that keep what it needs.
#include <gtest/gtest.h>

#include "epalm/lm/opt.h"
#include "epalm/lm/opt_mask.h"
#include "epalm/nn/dropout.h"
#include "epalm/nn/product.h"
#include "epalm/nn/recompute.h"
#include "tests/nn/allocated.h"

namespace epalm::lm {
namespace {

using nn::Precision;

constexpr int64_t kBatch = 2, kTokens = 6, kPrompts = 3, kWidth = 32;

struct Case {
  bool norm_first;
  Precision precision;
  bool prompts;
  double dropout, attention_dropout;  // the latter makes attention the plain one
};

OptConfig shape(const Case& c) {
  OptConfig config;
  config.vocab_size = 20;
  config.hidden_size = config.word_embed_proj_dim = kWidth;
  config.num_hidden_layers = 3;
  config.ffn_dim = 64;
  config.num_attention_heads = 2;
  config.do_layer_norm_before = c.norm_first;
  config.dropout = c.dropout;
  config.attention_dropout = c.attention_dropout;
  config.layerdrop = c.dropout;
  return config;
}

at::Tensor random(std::vector<int64_t> shape, uint64_t seed) {
  at::manual_seed(seed);
  return at::randn(shape);
}

struct Results {
  at::Tensor hidden, d_first, d_second, d_prompts, next_draws;
};

Results results(const Case& c, bool recomputed) {
  const OptConfig config = shape(c);
  const Opt lm(config, nn::random_weights(opt_weights(config), 1, 0.3, c.precision));
  OptInput input;
  input.ids = at::arange(kBatch * kTokens).remainder(config.vocab_size).view({kBatch, kTokens});
  input.mask = at::ones_like(input.ids);
  input.mask.slice(0, 1).slice(1, kTokens - 2).zero_();
  const at::Tensor first = random({kBatch, 1, kWidth}, 2).requires_grad_(true);
  const at::Tensor second = random({kBatch, 1, kWidth}, 3).requires_grad_(true);
  input.slots = {first, {}, second};
  if (c.prompts) input.prompts = random({kPrompts, kWidth}, 4).requires_grad_(true);
  input.training = c.dropout > 0 || c.attention_dropout > 0;
  nn::seed_dropout(5);
  at::Tensor hidden;
  {
    const nn::RecomputedBlocks blocks(recomputed);
    hidden = lm.hidden(input);
  }
  hidden.backward(random(hidden.sizes().vec(), 6));
  return {hidden.detach(), first.grad(), second.grad(), c.prompts ? input.prompts.grad() : at::Tensor(),
          nn::dropout(at::ones({50}), 0.5)};
}

TEST(OptRecomputed, GivesTheSameStatesGradientsAndDrawsBitForBit) {
  for (const bool norm_first : {true, false}) {
    for (const Precision precision : {Precision::kFloat32, Precision::kBFloat16, Precision::kInt8}) {
      for (const bool prompts : {true, false}) {
        for (const auto& [dropout, attention_dropout] : {std::pair(0.0, 0.0), {0.3, 0.0}, {0.0, 0.3}}) {
          SCOPED_TRACE(fmt::format("pre-LN {}, precision {}, prompts {}, dropout {} and {}", norm_first,
                                   static_cast<int>(precision), prompts, dropout, attention_dropout));
          const Case c{norm_first, precision, prompts, dropout, attention_dropout};
          const Results kept = results(c, false), anew = results(c, true);
          EXPECT_TRUE(at::equal(anew.hidden, kept.hidden));
          EXPECT_TRUE(at::equal(anew.d_first, kept.d_first));
          EXPECT_TRUE(at::equal(anew.d_second, kept.d_second));
          EXPECT_TRUE(!prompts || at::equal(anew.d_prompts, kept.d_prompts));
          EXPECT_TRUE(at::equal(anew.next_draws, kept.next_draws));
          EXPECT_TRUE(kept.d_second.any().item<bool>());
        }
      }
    }
  }
}

// Of libtorch's allocations when one layer has run and its backward pass has not, those of so many sequences.
int64_t kept_bytes(const Case& c, int64_t batch, bool recomputed) {
  const OptConfig config = shape(c);
  const OptLayer layer(config, nn::random_weights(opt_weights(config), 1, 0.3, c.precision), 1);
  const at::Tensor mask = text_attention_mask(at::ones({batch, kTokens}, at::kLong), 0);
  const at::Tensor below = random({batch, kTokens, kWidth}, 2).requires_grad_(true);
  const bool training = c.dropout > 0 || c.attention_dropout > 0;
  const nn::RecomputedBlocks blocks(recomputed);
  const nn::Allocated allocated;
  const at::Tensor y = layer(below + 1, mask, training);  // what enters a layer is nobody else's to keep
  return allocated.bytes() - static_cast<int64_t>(y.nbytes());
}

// The attention in blocks is that of a build with oneDNN; the plain one keeps its weights.
TEST(OptRecomputed, KeepsTheInputOfALayerWhereItWouldKeepWhatTheBackwardPassNeeds) {
  const int64_t rows = kTokens;  // of one more sequence
  for (const bool norm_first : {true, false}) {
    for (const Precision precision : {Precision::kFloat32, Precision::kBFloat16, Precision::kInt8}) {
      for (const auto& [dropout, attention_dropout] : {std::pair(0.0, 0.0), {0.3, 0.0}, {0.3, 0.3}}) {
        SCOPED_TRACE(fmt::format("pre-LN {}, precision {}, dropout {} and {}", norm_first, static_cast<int>(precision),
                                 dropout, attention_dropout));
        const Case c{norm_first, precision, false, dropout, attention_dropout};
        EXPECT_EQ(kept_bytes(c, 5, true) - kept_bytes(c, 4, true), rows * kWidth * 4);
        if (!nn::product_backend().starts_with("oneDNN")) continue;
        EXPECT_EQ(kept_bytes(c, 5, false) - kept_bytes(c, 4, false),
                  rows * kept_bytes_per_row(shape(c), kTokens, dropout > 0));
      }
    }
  }
}

}  // namespace
}  // namespace epalm::lm
