#include "epalm/lm/opt.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "epalm/base/error.h"
#include "epalm/nn/dropout.h"

namespace epalm::lm {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr int64_t kLayers = 3, kVocabulary = 20, kWidth = 16, kLongest = 12;

// States are layer-normalised: below 8 here. A layer rounds each of its numbers some 16 times: 3 layers · 16 · 8 ·
// 2^-24.
constexpr double kTolerance = 2.3e-5;

OptConfig tiny() {
  OptConfig config;
  config.vocab_size = kVocabulary;
  config.hidden_size = config.word_embed_proj_dim = kWidth;
  config.num_hidden_layers = kLayers;
  config.ffn_dim = 24;
  config.num_attention_heads = 2;
  config.max_position_embeddings = kLongest;
  config.dropout = 0.5;  // outside training it must not matter
  config.attention_dropout = 0.5;
  config.layerdrop = 0.5;
  return config;
}

OptConfig tiny_post_norm() {
  OptConfig config = tiny();
  config.do_layer_norm_before = false;
  config.word_embed_proj_dim = 8;
  return config;
}

Opt random(const OptConfig& config) {
  return {config, nn::random_weights(opt_weights(config), 1, 0.3)};
}

at::Tensor tokens(std::vector<int64_t> ids) {
  const auto length = static_cast<int64_t>(ids.size());
  return at::tensor(ids).view({1, length});
}

OptInput reading(const at::Tensor& ids) {
  OptInput input;
  input.ids = ids;
  return input;
}

at::Tensor slot(uint64_t seed) {
  at::manual_seed(seed);
  return at::randn({1, 1, kWidth});
}

double difference(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

std::string refusal(const OptInput& input) {
  try {
    random(tiny()).hidden(input);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Opt, RefusesIdsOutsideTheVocabulary) {
  EXPECT_THAT(refusal(reading(tokens({2, kVocabulary}))), AllOf(HasSubstr("20"), HasSubstr("tokenizer")));
  EXPECT_THAT(refusal(reading(tokens({2, -1, 5}))), HasSubstr("-1"));
  EXPECT_EQ(refusal(reading(tokens({0, kVocabulary - 1}))), "accepted");
}

TEST(Opt, RefusesTextLongerThanItsPositions) {
  EXPECT_EQ(refusal(reading(at::ones({1, kLongest}, at::kLong))), "accepted");
  EXPECT_THAT(refusal(reading(at::ones({1, kLongest + 1}, at::kLong))), AllOf(HasSubstr("13 tokens"), HasSubstr("12")));
}

TEST(Opt, RefusesBranchesOfAnotherShape) {
  OptInput input = reading(tokens({1, 2, 3}));
  input.branches = tokens({0, 1});
  EXPECT_THROW(random(tiny()).hidden(input), std::logic_error);
}

// Each branch reads the injected token and the prompts as it would alone.
TEST(Opt, BranchesAllSeeTheInjectedTokenAndThePrompts) {
  const Opt lm = random(tiny());
  OptInput both = reading(tokens({2, 5, 7}));
  both.branches = tokens({0, 1, 2});
  OptInput first = reading(tokens({2, 5})), second = reading(tokens({2, 7}));
  for (const int64_t prompts : {0, 2}) {
    for (OptInput* input : {&both, &first, &second}) {
      if (prompts > 0) input->prompts = at::linspace(-1, 1, prompts * kWidth).view({prompts, kWidth});
      input->slots = {slot(1)};
    }
    const at::Tensor together = lm.hidden(both);  // [1,1+N+3,W]
    EXPECT_LE(difference(together.slice(1, 0, prompts + 3), lm.hidden(first)), kTolerance);
    EXPECT_LE(difference(together.select(1, prompts + 3), lm.hidden(second).select(1, prompts + 2)), kTolerance);
  }
}

// Positions are counted from branch to branch anew.
TEST(Opt, BranchesTogetherMayBeLongerThanThePositions) {
  OptInput input = reading(at::ones({1, kLongest + 4}, at::kLong));
  input.branches =
      at::cat({at::ones({1, 1}, at::kLong) * 0, at::ones({1, 7}, at::kLong), at::full({1, 8}, 2, at::kLong)}, 1);
  EXPECT_EQ(refusal(input), "accepted");
  input.branches.slice(1, 1).fill_(1);
  EXPECT_THAT(refusal(input), HasSubstr("16 tokens"));
}

TEST(Opt, PromptsDoNotCountAgainstThePositions) {
  OptInput input = reading(at::ones({1, kLongest}, at::kLong));
  input.prompts = at::ones({5, kWidth});
  EXPECT_EQ(random(tiny()).hidden(input).sizes(), (at::IntArrayRef{1, 5 + kLongest, kWidth}));
}

TEST(Opt, RefusesMasksSlotsAndPromptsOfAnotherShape) {
  const Opt lm = random(tiny());
  OptInput input = reading(tokens({2, 3}));
  input.mask = at::ones({1, 3}, at::kLong);
  EXPECT_THROW(lm.hidden(input), std::logic_error);
  input = reading(tokens({2, 3}));
  input.slots = {at::ones({1, 2, kWidth + 1})};
  EXPECT_THROW(lm.hidden(input), std::logic_error);
  input.slots = {at::ones({1, 2, kWidth}), at::ones({1, 1, kWidth})};  // as many rows as the first one
  EXPECT_THROW(lm.hidden(input), std::logic_error);
  input = reading(tokens({2, 3}));
  input.prompts = at::ones({2, kWidth + 1});
  EXPECT_THROW(lm.hidden(input), std::logic_error);
}

class OptOf : public testing::TestWithParam<OptConfig> {
 protected:
  Opt lm_ = random(GetParam());
};

TEST_P(OptOf, LaterTokenDoesNotReachEarlierLogits) {
  for (const Semantics& semantics : {kCausal, kReference}) {
    OptInput input = reading(tokens({2, 5, 9, 4, 7}));
    input.semantics = semantics;
    const at::Tensor before = lm_.head(lm_.hidden(input));
    input.ids = tokens({2, 5, 9, 4, 11});
    const at::Tensor after = lm_.head(lm_.hidden(input));
    EXPECT_TRUE(at::equal(after.slice(1, 0, 4), before.slice(1, 0, 4)));
    EXPECT_FALSE(at::equal(after.select(1, 4), before.select(1, 4)));
  }
}

TEST_P(OptOf, LaterTokenReachesNothingThroughTheSlotUnderCausalSemantics) {
  OptInput input = reading(tokens({2, 5, 9, 4, 7}));
  input.slots = {slot(1)};  // two layers follow the last injection
  const auto earlier = [&](const Semantics& semantics, int64_t last) {
    input.semantics = semantics;
    input.ids = tokens({2, 5, 9, 4, last});
    return lm_.hidden(input).slice(1, 0, 5);
  };
  EXPECT_TRUE(at::equal(earlier(kCausal, 7), earlier(kCausal, 11)));
  EXPECT_FALSE(at::equal(earlier(kReference, 7), earlier(kReference, 11)));
}

TEST_P(OptOf, PaddingLeavesTheRealRowsAloneUnderCausalSemantics) {
  OptInput input = reading(tokens({2, 5, 9}));
  input.slots = {slot(1)};
  input.prompts = at::ones({2, GetParam().word_embed_proj_dim});
  const at::Tensor bare = lm_.hidden(input);
  input.ids = tokens({2, 5, 9, 1, 1});
  input.mask = tokens({1, 1, 1, 0, 0});
  const at::Tensor padded = lm_.hidden(input);
  EXPECT_EQ(padded.size(1), bare.size(1) + 2);
  EXPECT_LE(difference(padded.slice(1, 0, bare.size(1)), bare), kTolerance);
}

TEST_P(OptOf, TextWithoutAMaskIsAllTokens) {
  OptInput input = reading(tokens({2, 5, 1}));
  const at::Tensor bare = lm_.hidden(input);
  input.mask = at::ones({1, 3}, at::kLong);
  EXPECT_TRUE(at::equal(lm_.hidden(input), bare));
}

TEST_P(OptOf, RowsOfABatchDoNotTouchEachOther) {
  const at::Tensor first = tokens({2, 5, 9}), second = tokens({2, 8, 3});
  const at::Tensor both = lm_.hidden(reading(at::cat({first, second})));
  EXPECT_LE(difference(both.slice(0, 0, 1), lm_.hidden(reading(first))), kTolerance);
  EXPECT_LE(difference(both.slice(0, 1, 2), lm_.hidden(reading(second))), kTolerance);
}

TEST_P(OptOf, BranchesOfARowAreAsTextsOfTheirOwn) {
  const Opt lm = random(GetParam());
  OptInput both = reading(tokens({1, 2, 3, 4, 5, 6, 7}));
  both.branches = tokens({0, 0, 1, 1, 2, 2, 2});
  const at::Tensor states = lm.hidden(both);
  EXPECT_LE(difference(states.slice(1, 0, 4), lm.hidden(reading(tokens({1, 2, 3, 4})))), kTolerance);
  EXPECT_LE(difference(states.slice(1, 4), lm.hidden(reading(tokens({1, 2, 5, 6, 7}))).slice(1, 2)), kTolerance);
}

// The prompts' rows, which are the same in every text until a slot is filled, are computed once for the batch. One that
// is observed computes them in every text.
struct Pass {
  at::Tensor hidden, d_prompts, d_slot;
};

// Of four texts that begin with `alike` tokens, of whose last rows so many are read.
Pass pass_of(const Opt& lm, const std::vector<at::Tensor>& slots, bool shares, int64_t alike, OptInput input = {},
             int64_t read = 9) {
  at::manual_seed(7);
  input.ids = at::randint(0, kVocabulary, {4, 5}, at::kLong);
  input.ids.slice(1, 0, alike).copy_(input.ids.slice(0, 0, 1).slice(1, 0, alike).clone());
  input.mask = at::ones_like(input.ids);
  input.mask.slice(0, 2).slice(1, 3).zero_();
  input.prompts = at::randn({3, lm.config().word_embed_proj_dim}).requires_grad_(true);
  at::Tensor filled;
  for (const at::Tensor& each : slots) {
    input.slots.push_back(each.defined() ? each.expand({4, -1, -1}).detach().requires_grad_(true) : each);
    if (each.defined()) filled = input.slots.back();
  }
  if (!shares) input.observe = [](const at::Tensor&) {};
  Pass pass;
  pass.hidden = lm.hidden(input);
  const int64_t first = std::max<int64_t>(0, pass.hidden.size(1) - read);
  const at::Tensor states = pass.hidden.slice(1, first);
  (states * at::randn(states.sizes())).sum().backward();
  pass.d_prompts = input.prompts.grad();
  if (filled.defined()) pass.d_slot = filled.grad();
  return pass;
}

// Gradients are sums over 4 texts of 9 rows, each of which passes 3 layers twice.
constexpr double kGradientTolerance = 4 * 9 * 2 * kTolerance;

void expect_same(const Pass& pass, const Pass& expected) {
  ASSERT_EQ(pass.hidden.sizes(), expected.hidden.sizes());
  EXPECT_LE(difference(pass.hidden, expected.hidden), kTolerance);
  EXPECT_LE(difference(pass.d_prompts, expected.d_prompts), kGradientTolerance);
  if (pass.d_slot.defined()) {
    EXPECT_LE(difference(pass.d_slot, expected.d_slot), kGradientTolerance);
  }
  EXPECT_GT(expected.d_prompts.abs().max().item<double>(), 100 * kGradientTolerance);
}

// Padding of the last two texts begins with their fourth token: it is no beginning, even where ids are the same.
TEST_P(OptOf, WhatTextsBeginWithIsComputedOnceUntilASlotIsFilled) {
  for (const std::vector<at::Tensor>& slots :
       {std::vector<at::Tensor>{}, {slot(1)}, {at::Tensor(), slot(1)}, {at::Tensor(), at::Tensor(), slot(1)}}) {
    for (const int64_t alike : {0, 1, 5}) {
      SCOPED_TRACE(fmt::format("{} slots, {} tokens", slots.size(), alike));
      expect_same(pass_of(lm_, slots, true, alike), pass_of(lm_, slots, false, alike));
    }
  }
}

// The same tokens in another branch are another beginning.
TEST_P(OptOf, TextsOfBranchesBeginAlikeWhereBranchesDo) {
  OptInput input;
  input.branches =
      at::cat({tokens({0, 1, 1, 2, 2}), tokens({0, 1, 2, 2, 2}), tokens({0, 1, 1, 1, 2}), tokens({0, 1, 1, 2, 3})});
  const std::vector<at::Tensor> slots{at::Tensor(), slot(1)};
  expect_same(pass_of(lm_, slots, true, 5, input), pass_of(lm_, slots, false, 5, input));
}

// Rows of the text, without those of slots and prompts, of which the last layer computes keys and values alone.
TEST_P(OptOf, StatesOfTheTextAloneAreThoseOfTheWholePass) {
  constexpr int64_t kText = 5;
  const PartHook of_rows = [](const at::Tensor& x, const at::Tensor& y) { return y + x.mean(-1, true); };
  for (const bool shares : {false, true}) {
    for (const std::vector<at::Tensor>& slots :
         {std::vector<at::Tensor>{}, {slot(1)}, {at::Tensor(), at::Tensor(), slot(1)}}) {
      OptInput input;
      input.semantics = kReference;
      input.hooks = {LayerHooks(), LayerHooks(), LayerHooks{of_rows, of_rows, {}}};
      Pass whole = pass_of(lm_, slots, shares, 2, input, kText);
      whole.hidden = whole.hidden.slice(1, whole.hidden.size(1) - kText);
      input.text_alone = true;
      expect_same(pass_of(lm_, slots, shares, 2, input, kText), whole);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, OptOf, testing::Values(tiny(), tiny_post_norm()), [](const auto& info) {
  return std::string(info.param.do_layer_norm_before ? "PreNorm" : "PostNormWithProjection");
});

std::vector<at::Tensor> layer_inputs(const OptConfig& config, OptInput input) {
  std::vector<at::Tensor> states;
  input.observe = [&](const at::Tensor& state) { states.push_back(state); };
  random(config).hidden(input);
  return states;
}

TEST(OptSlots, FirstLengthensTheSequenceAndLaterOnesOverwriteRowZero) {
  OptInput input = reading(tokens({2, 5, 9}));
  input.slots = {at::Tensor(), slot(1), at::Tensor()};
  const auto once = layer_inputs(tiny(), input);
  ASSERT_EQ(once.size(), static_cast<size_t>(kLayers + 1));
  EXPECT_EQ(once[0].size(1), 3);
  EXPECT_EQ(once[1].size(1), 4);
  EXPECT_EQ(once[2].size(1), 4);
  EXPECT_TRUE(at::equal(once[1].slice(1, 0, 1), slot(1)));

  input.slots[2] = slot(2);
  const auto twice = layer_inputs(tiny(), input);
  EXPECT_EQ(twice[2].size(1), 4);
  EXPECT_TRUE(at::equal(twice[2].slice(1, 0, 1), slot(2)));
  EXPECT_FALSE(at::equal(once[2].slice(1, 0, 1), slot(2)));
  EXPECT_LE(difference(twice[2].slice(1, 1), once[2].slice(1, 1)), kTolerance);  // of products of fewer rows
  input.slots[2] = slot(3);
  EXPECT_TRUE(at::equal(layer_inputs(tiny(), input)[2].slice(1, 1), twice[2].slice(1, 1)));
}

TEST(OptSlots, OfSeveralRowsLieInFrontAndAreOverwrittenTogether) {
  OptInput input = reading(tokens({2, 5, 9}));
  const at::Tensor first = at::cat({slot(1), slot(2)}, 1), second = at::cat({slot(3), slot(4)}, 1);
  input.slots = {at::Tensor(), first, second};
  const auto states = layer_inputs(tiny(), input);
  EXPECT_EQ(states[0].size(1), 3);
  EXPECT_EQ(states[1].size(1), 5);
  EXPECT_EQ(states[2].size(1), 5);
  EXPECT_TRUE(at::equal(states[1].slice(1, 0, 2), first));
  EXPECT_TRUE(at::equal(states[2].slice(1, 0, 2), second));
}

TEST(OptSlots, LaterRowsOfASlotReachEarlierOnesUnderReferenceSemanticsAlone) {
  OptInput input = reading(tokens({2, 5}));
  const auto first_row = [&](const Semantics& semantics, int64_t last) {
    input.semantics = semantics;
    input.slots = {at::cat({slot(1), slot(last)}, 1)};
    return random(tiny()).hidden(input).slice(1, 0, 1);
  };
  EXPECT_TRUE(at::equal(first_row(kCausal, 2), first_row(kCausal, 3)));
  EXPECT_FALSE(at::equal(first_row(kReference, 2), first_row(kReference, 3)));
}

TEST(OptSlots, LieBeforePromptsAndText) {
  OptInput input = reading(tokens({2, 5}));
  input.prompts = at::full({2, kWidth}, 3.0);
  input.slots = {slot(1)};
  const auto states = layer_inputs(tiny(), input);
  EXPECT_TRUE(at::equal(states[0].slice(1, 0, 1), slot(1)));
  EXPECT_TRUE(at::equal(states[0].slice(1, 1, 3), at::full({1, 2, kWidth}, 3.0)));  // no positions are added to prompts
  EXPECT_EQ(states[0].size(1), 5);
}

// Hooks of every layer that note what they see and give back the output as it is.
std::vector<LayerHooks> noting(std::vector<std::pair<at::Tensor, at::Tensor>>& attention,
                               std::vector<std::pair<at::Tensor, at::Tensor>>& fc2) {
  const auto into = [](auto& list) {
    return [&list](const at::Tensor& input, const at::Tensor& output) {
      list.emplace_back(input, output);
      return output;
    };
  };
  return std::vector<LayerHooks>(kLayers, LayerHooks{into(attention), into(fc2), {}});
}

TEST_P(OptOf, HooksThatGiveBackTheOutputChangeNothing) {
  OptInput input = reading(tokens({2, 5, 9}));
  input.slots = {slot(1)};
  const at::Tensor plain = lm_.hidden(input);
  std::vector<std::pair<at::Tensor, at::Tensor>> attention, fc2;
  input.hooks = noting(attention, fc2);
  EXPECT_TRUE(at::equal(lm_.hidden(input), plain));
  ASSERT_EQ(attention.size(), static_cast<size_t>(kLayers));
  ASSERT_EQ(fc2.size(), static_cast<size_t>(kLayers));
}

TEST_P(OptOf, HooksSeeInputAndOutputOfTheirPart) {
  OptInput input = reading(tokens({2, 5, 9}));
  std::vector<std::pair<at::Tensor, at::Tensor>> attention, fc2;
  input.hooks = noting(attention, fc2);
  std::vector<at::Tensor> states;
  input.observe = [&](const at::Tensor& state) { states.push_back(state); };
  lm_.hidden(input);
  for (size_t i = 0; i < static_cast<size_t>(kLayers); ++i) {
    const std::string layer = fmt::format("model.decoder.layers.{}.", i);
    const auto weight = [&](const std::string& name) { return lm_.weights().at(layer + name); };
    const auto norm = [&](const at::Tensor& x, const std::string& name) {
      return at::layer_norm(x, {kWidth}, weight(name + ".weight"), weight(name + ".bias"), 1e-5);
    };
    const bool first = GetParam().do_layer_norm_before;
    const auto& [x, attended] = attention[i];
    EXPECT_LE(difference(x, first ? norm(states[i], "self_attn_layer_norm") : states[i]), kTolerance);
    const at::Tensor h = first ? states[i] + attended : norm(states[i] + attended, "self_attn_layer_norm");
    const auto& [inner, fed] = fc2[i];
    const at::Tensor read = first ? norm(h, "final_layer_norm") : h;
    EXPECT_LE(difference(inner, at::relu(at::linear(read, weight("fc1.weight"), weight("fc1.bias")))), kTolerance);
    EXPECT_LE(difference(fed, at::linear(inner, weight("fc2.weight"), weight("fc2.bias"))), kTolerance);
    const at::Tensor next = first ? h + fed : norm(h + fed, "final_layer_norm");
    if (i + 1 < static_cast<size_t>(kLayers)) {
      EXPECT_LE(difference(states[i + 1], next), kTolerance);
    }
  }
}

TEST(OptHooks, StandInTheirLayerAlone) {
  OptInput input = reading(tokens({2, 5, 9}));
  const auto plain = layer_inputs(tiny(), input);
  input.hooks.resize(2);  // the third layer has none
  at::Tensor fed;
  input.hooks[1].fc2 = [&](const at::Tensor&, const at::Tensor& output) {
    fed = output;
    return 2 * output;
  };
  const auto hooked = layer_inputs(tiny(), input);
  EXPECT_TRUE(at::equal(hooked[1], plain[1]));
  EXPECT_LE(difference(hooked[2], plain[2] + fed), kTolerance);
  EXPECT_GT(difference(hooked[3], plain[3]), 100 * kTolerance);
}

TEST(OptDropout, WorksInTrainingOnly) {
  OptConfig config = tiny();
  config.layerdrop = 0;
  const Opt lm = random(config);
  OptInput input = reading(tokens({2, 5, 9}));
  const at::Tensor plain = lm.hidden(input);
  EXPECT_TRUE(at::equal(lm.hidden(input), plain));
  input.training = true;
  nn::seed_dropout(1);
  const at::Tensor first = lm.hidden(input);
  EXPECT_FALSE(at::equal(first, plain));
  EXPECT_FALSE(at::equal(lm.hidden(input), first));
  nn::seed_dropout(1);
  EXPECT_TRUE(at::equal(lm.hidden(input), first));
}

TEST(OptDropout, OfNothingLeavesTrainingAsEvaluation) {
  OptConfig config = tiny();
  config.dropout = config.attention_dropout = config.layerdrop = 0;
  const Opt lm = random(config);
  OptInput input = reading(tokens({2, 5, 9}));
  const at::Tensor plain = lm.hidden(input);
  input.training = true;
  EXPECT_TRUE(at::equal(lm.hidden(input), plain));
}

TEST(OptLayerdrop, LeavesLayersOutInTrainingOnly) {
  OptConfig config = tiny();
  config.dropout = config.attention_dropout = 0;
  config.layerdrop = 1;
  OptInput input = reading(tokens({2, 5, 9}));
  input.training = true;
  const auto dropped = layer_inputs(config, input);
  EXPECT_TRUE(at::equal(dropped[kLayers - 1], dropped[0]));
  input.training = false;
  const auto kept = layer_inputs(config, input);
  EXPECT_FALSE(at::equal(kept[1], kept[0]));
}

TEST(OptHead, IsTiedToTheTokenEmbeddings) {
  const Opt lm = random(tiny());
  const at::Tensor& embeddings = lm.weights().at("model.decoder.embed_tokens.weight");
  const at::Tensor row = at::zeros({1, kWidth});
  row[0][3] = 1;
  EXPECT_TRUE(at::equal(lm.head(row), embeddings.select(1, 3).unsqueeze(0)));
}

}  // namespace
}  // namespace epalm::lm
