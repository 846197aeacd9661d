#include "epalm/lm/opt_cache.h"

#include <gtest/gtest.h>

#include "epalm/lm/opt.h"

namespace epalm::lm {
namespace {

constexpr int64_t kLayers = 4, kWidth = 16, kEmbedWidth = 8;

// States are layer-normalised: below 8 here. A layer rounds each of its numbers some 16 times, and the two paths may
// round differently: 2 · 4 layers · 16 · 8 · 2^-24.
constexpr double kTolerance = 6.2e-5;

Opt random_lm(bool norm_first) {
  OptConfig config;
  config.vocab_size = 20;
  config.hidden_size = kWidth;
  config.word_embed_proj_dim = kEmbedWidth;
  config.num_hidden_layers = kLayers;
  config.ffn_dim = 24;
  config.num_attention_heads = 2;
  config.max_position_embeddings = 12;
  config.do_layer_norm_before = norm_first;
  return {config, nn::random_weights(opt_weights(config), 1, 0.3)};
}

at::Tensor rows_of(std::vector<int64_t> numbers, int64_t rows) {
  return at::tensor(numbers).view({rows, -1});
}

using HasSlot = std::vector<bool>;
const HasSlot kNone{false, false, false, false}, kEvery{true, true, true, true}, kToTheEnd{false, true, true, true},
    kAllButLast{false, true, true, false}, kLastButOne{false, false, true, false}, kLast{false, false, false, true},
    kEverySecond{true, false, true, false}, kFirst{true, false, false, false};

TEST(Reuse, UnderReferenceSemanticsDependsOnWhoReadsSlotRowsThatSawTheText) {
  for (const HasSlot& all : {kNone, kEvery, kToTheEnd, kLast}) EXPECT_EQ(reuse(all, kReference), Reuse::kEverything);
  for (const HasSlot& one : {kAllButLast, kLastButOne}) EXPECT_EQ(reuse(one, kReference), Reuse::kAllButLastSlots);
  for (const HasSlot& two : {kEverySecond, kFirst}) EXPECT_EQ(reuse(two, kReference), Reuse::kNothing);
}

TEST(Reuse, UnderCausalSemanticsIsOfEverything) {
  for (const HasSlot& any : {kNone, kEvery, kAllButLast, kEverySecond, kFirst}) {
    EXPECT_EQ(reuse(any, kCausal), Reuse::kEverything);
  }
}

struct Setting {
  HasSlot has_slot;
  int64_t slot_rows;
  bool prompts, norm_first;
  Semantics semantics;
  bool text_alone;
};

// Reads, appends, reorders and appends again, sequences of different lengths, and compares each pass with one over
// everything.
void expect_same(const Setting& setting) {
  const at::NoGradGuard no_grad;
  const Opt lm = random_lm(setting.norm_first);
  at::manual_seed(3);
  std::vector<at::Tensor> slots(kLayers);  // of two samples
  for (size_t i = 0; i < kLayers; ++i) {
    if (setting.has_slot[i]) slots[i] = at::randn({2, setting.slot_rows, kWidth});
  }
  OptInput input;
  if (setting.prompts) input.prompts = at::randn({2, kEmbedWidth});
  input.semantics = setting.semantics;
  LayerHooks hooks;
  hooks.fc2 = [](const at::Tensor& x, const at::Tensor& y) { return y + x.mean(-1, true); };
  input.hooks = {LayerHooks(), hooks, hooks, hooks};
  OptCache cache(3, 8);

  const auto expect_pass = [&](const std::vector<int64_t>& source, const at::Tensor& ids, const at::Tensor& mask) {
    input.ids = ids;
    input.mask = mask;
    input.slots = slots;
    for (at::Tensor& slot : input.slots) {
      if (slot.defined()) slot = slot.index_select(0, at::tensor(source));
    }
    input.cache = nullptr;
    input.text_alone = false;
    const at::Tensor whole = lm.hidden(input);
    input.cache = &cache;
    input.text_alone = setting.text_alone;
    const int64_t known = cache.text_length();
    const at::Tensor part = lm.hidden(input);
    if (setting.text_alone) {
      ASSERT_EQ(part.size(1), ids.size(1) - known);
    }
    ASSERT_LE(part.size(1), whole.size(1));
    const at::Tensor last = whole.slice(1, whole.size(1) - part.size(1));
    EXPECT_LE((part - last).abs().max().item<double>(), kTolerance) << part.size(1) << " rows";
    EXPECT_EQ(cache.text_length(), ids.size(1));
  };

  at::Tensor ids = rows_of({2, 5, 9, 4, 2, 8, 1, 1}, 2), mask = rows_of({1, 1, 1, 1, 1, 1, 0, 0}, 2);
  expect_pass({0, 1}, ids, mask);
  const auto step = [&](const std::vector<int64_t>& parents, const std::vector<int64_t>& source,
                        const std::vector<int64_t>& tokens) {
    const auto batch = static_cast<int64_t>(tokens.size());
    const at::Tensor from = at::tensor(parents);
    ids = at::cat({ids.index_select(0, from), rows_of(tokens, batch)}, 1);
    mask = at::cat({mask.index_select(0, from), at::ones({batch, 1}, at::kLong)}, 1);
    cache.reorder(parents);
    expect_pass(source, ids, mask);
  };
  step({0, 0, 1}, {0, 0, 1}, {3, 6, 7});   // two continuations of the first
  step({1, 0, 2}, {0, 0, 1}, {5, 9, 11});  // change places
  step({1, 1, 2}, {0, 0, 1}, {4, 5, 6});   // one of them ends, the other forks
  step({2}, {1}, {8});                     // the first sample leaves
  cache.clear();
  expect_pass({1, 0}, rows_of({2, 7, 2, 3}, 2), at::ones({2, 2}, at::kLong));
}

TEST(OptCache, GivesWhatTheWholePassGives) {
  for (const HasSlot& has_slot : {kNone, kEvery, kToTheEnd, kAllButLast, kLastButOne, kLast, kEverySecond, kFirst}) {
    for (const Semantics& semantics : {kCausal, kReference}) {
      if (reuse(has_slot, semantics) == Reuse::kNothing) continue;
      for (const int64_t slot_rows : {1, 3}) {
        for (const bool prompts : {false, true}) {
          for (const bool norm_first : {false, true}) {
            SCOPED_TRACE(testing::PrintToString(has_slot) + (semantics.perceptual_row_sees_all ? " reference " : " ") +
                         std::to_string(slot_rows) + (prompts ? " prompts" : "") + (norm_first ? " pre-norm" : ""));
            for (const bool text_alone : {false, true}) {
              expect_same({has_slot, slot_rows, prompts, norm_first, semantics, text_alone});
            }
          }
        }
      }
    }
  }
}

TEST(OptCache, IsRefusedWhereItWouldNotBeExact) {
  const at::NoGradGuard no_grad;
  OptCache cache(1, 4);
  OptInput input;
  input.ids = rows_of({2, 5}, 1);
  input.slots = {at::ones({1, 1, kWidth})};
  input.semantics = kReference;
  input.cache = &cache;
  EXPECT_THROW(random_lm(true).hidden(input), std::logic_error);
}

}  // namespace
}  // namespace epalm::lm
