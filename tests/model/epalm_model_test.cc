#include "epalm/model/epalm_model.h"

#include "epalm/model/loss.h"
#include "epalm/model/trainable.h"
#include "epalm/nn/dropout.h"
#include "tests/model/tiny_model.h"

namespace epalm::model {
namespace {

constexpr int64_t kBefore = 1 + kPrompts;  // rows before the text

// Two texts of different lengths, right padded.
const at::Tensor kIds = at::cat({row({2, 5, 9, 4, 7}), row({2, 8, 3, 1, 1})});
const at::Tensor kMask = at::cat({row({1, 1, 1, 1, 1}), row({1, 1, 1, 0, 0})});
const std::vector<int64_t> kLengths{5, 3};

TEST(EPalm, RowsArePerceptualThenPromptsThenText) {
  const EPalm model = tiny_model(injecting(1, 3), kCausal);
  const at::Tensor features = model.features(image(2));
  EXPECT_EQ(features.sizes(), (at::IntArrayRef{2, kStates, 12}));
  EXPECT_EQ(model.hidden(features, kIds, kMask).sizes(), (at::IntArrayRef{2, kBefore + 5, 16}));
  EXPECT_EQ(model.logits(features, kIds, kMask).sizes(), (at::IntArrayRef{2, kBefore + 5, kVocabulary}));
  EXPECT_EQ(model.hidden({}, kIds, kMask).size(1), kPrompts + 5);
}

TEST(EPalm, BatchEqualsSinglesUnderCausalSemantics) {
  const EPalm model = tiny_model(injecting(0, 3), kCausal);
  const at::Tensor features = model.features(image(2));
  const at::Tensor batch = model.logits(features, kIds, kMask);
  const at::Tensor next = model.next_token_logits(features, kIds, kMask);
  const at::Tensor labels = labels_of(kIds, kMask);
  const at::Tensor losses = model.loss(features, kIds, kMask, labels);
  for (int64_t i = 0; i < 2; ++i) {
    const int64_t length = kLengths[static_cast<size_t>(i)];
    const at::Tensor ids = kIds.slice(0, i, i + 1).slice(1, 0, length), mask = at::ones_like(ids);
    const at::Tensor alone = model.features(image(2).slice(0, i, i + 1));
    const at::Tensor logits = model.logits(alone, ids, mask);
    EXPECT_LE(difference(batch.slice(0, i, i + 1).slice(1, 0, kBefore + length), logits), kTolerance);
    EXPECT_LE(difference(next.slice(0, i, i + 1), model.next_token_logits(alone, ids, mask)), kTolerance);
    // A loss sums length - 1 cross-entropies, each a difference of two numbers that err like a logit.
    EXPECT_LE(difference(losses.slice(0, i, i + 1), model.loss(alone, ids, mask, ids)),
              2 * static_cast<double>(length) * kTolerance);
  }
}

// Every token of the encoder's last state before layer 0, as LimBEr puts them.
adapter::AdapterConfig all_tokens() {
  adapter::AdapterConfig config = injecting(0, 1);
  config.injected_hidden_states = 1;
  config.encoder_tokens = "all";
  return config;
}

TEST(AllTokens, StandBeforePromptsAndTextAndBatchEqualsSingles) {
  const EPalm model = tiny_model(all_tokens(), kCausal);
  const at::Tensor features = model.features(image(2));
  constexpr int64_t kTokens = 1 + 4;  // CLS and patches
  ASSERT_EQ(features.sizes(), (at::IntArrayRef{2, kTokens, 12}));
  const at::Tensor batch = model.logits(features, kIds, kMask);
  ASSERT_EQ(batch.sizes(), (at::IntArrayRef{2, kTokens + kPrompts + 5, kVocabulary}));
  const at::Tensor next = model.next_token_logits(features, kIds, kMask);
  for (int64_t i = 0; i < 2; ++i) {
    const int64_t length = kLengths[static_cast<size_t>(i)];
    const at::Tensor ids = kIds.slice(0, i, i + 1).slice(1, 0, length), mask = at::ones_like(ids);
    const at::Tensor alone = model.features(image(2).slice(0, i, i + 1));
    EXPECT_LE(
        difference(batch.slice(0, i, i + 1).slice(1, 0, kTokens + kPrompts + length), model.logits(alone, ids, mask)),
        kTolerance);
    EXPECT_LE(difference(next.slice(0, i, i + 1), model.next_token_logits(alone, ids, mask)), kTolerance);
  }
}

TEST(AllTokens, OneOfThemIsTheSingleTokenBeforeLayerZero) {
  adapter::AdapterConfig cls = all_tokens();
  cls.encoder_tokens = "cls";
  for (const Semantics& semantics : {kCausal, kReference}) {
    const EPalm every = tiny_model(all_tokens(), semantics), single = tiny_model(cls, semantics);
    const at::Tensor tokens = every.features(image(2));
    const at::Tensor first = tokens.slice(1, 0, 1);
    EXPECT_LE(difference(first, single.features(image(2))), kTolerance);
    EXPECT_TRUE(at::equal(every.logits(first, kIds, kMask), single.logits(first, kIds, kMask)));
    EXPECT_GT(difference(every.next_token_logits(tokens, kIds, kMask), single.next_token_logits(first, kIds, kMask)),
              100 * kTolerance);
  }
}

TEST(EPalm, SeesTheImage) {
  const EPalm model = tiny_model(injecting(1, 3), kCausal);
  const at::Tensor lit = model.next_token_logits(model.features(image(2)), kIds, kMask);
  const at::Tensor black = model.next_token_logits(model.features(at::zeros_like(image(2))), kIds, kMask);
  const at::Tensor none = model.next_token_logits({}, kIds, kMask);
  EXPECT_GT(difference(lit, black), 100 * kTolerance);
  EXPECT_GT(difference(lit, none), 100 * kTolerance);
  EXPECT_GT(difference(lit[0], lit[1]), 100 * kTolerance);
}

TEST(EPalm, WithoutFeaturesIsThePromptedLanguageModel) {
  const EPalm model = tiny_model(injecting(1, 3), kReference);
  lm::OptInput input;
  input.ids = kIds;
  input.mask = kMask;
  input.prompts = model.adapter().prompts();
  EXPECT_TRUE(at::equal(model.logits({}, kIds, kMask), model.lm().head(model.lm().hidden(input))));
}

TEST(EPalm, InjectingNowhereIsTheLanguageModelAlone) {
  adapter::AdapterConfig config = injecting(0, 0);
  config.prompt_tuning = false;
  const EPalm model = tiny_model(config, kCausal);
  lm::OptInput input;
  input.ids = kIds;
  input.mask = kMask;
  EXPECT_TRUE(
      at::equal(model.logits(model.features(image(2)), kIds, kMask), model.lm().head(model.lm().hidden(input))));
}

TEST(EPalm, NextTokenFollowsTheLastRealTokenUnderCausalSemantics) {
  const EPalm model = tiny_model(injecting(1, 3), kCausal);
  const at::Tensor features = model.features(image(2));
  const at::Tensor logits = model.logits(features, kIds, kMask);
  const at::Tensor next = model.next_token_logits(features, kIds, kMask);
  for (int64_t i = 0; i < 2; ++i) {
    EXPECT_LE(difference(next[i], logits[i][kBefore + kLengths[static_cast<size_t>(i)] - 1]), kTolerance);
  }
}

TEST(EPalm, NextTokenFollowsATokenAppendedAfterPadding) {
  const EPalm model = tiny_model(injecting(1, 3), kCausal);
  const at::Tensor features = model.features(image(1));
  const at::Tensor gap = model.next_token_logits(features, row({2, 8, 3, 1, 1, 6}), row({1, 1, 1, 0, 0, 1}));
  const at::Tensor dense = model.next_token_logits(features, row({2, 8, 3, 6}), row({1, 1, 1, 1}));
  EXPECT_LE(difference(gap, dense), kTolerance);
}

TEST(EPalm, NextTokenFollowsTheLastRowUnderReferenceSemantics) {
  const EPalm model = tiny_model(injecting(1, 3), kReference);
  const at::Tensor features = model.features(image(2));
  const at::Tensor logits = model.logits(features, kIds, kMask);
  EXPECT_LE(difference(model.next_token_logits(features, kIds, kMask), logits.select(1, kBefore + 4)), kTolerance);
}

TEST(EPalm, NextTokenWithoutAMaskFollowsTheLastToken) {
  const EPalm model = tiny_model(injecting(1, 3), kCausal);
  const at::Tensor features = model.features(image(2));
  const at::Tensor all = at::ones_like(kIds);
  EXPECT_LE(difference(model.next_token_logits(features, kIds, {}), model.next_token_logits(features, kIds, all)),
            kTolerance);
}

// Logits of prompts and text; the perceptual row itself may differ.
at::Tensor text_logits(const adapter::AdapterConfig& config, const Semantics& semantics, const at::Tensor& ids) {
  const EPalm model = tiny_model(config, semantics);
  return model.logits(model.features(image(2)), ids, kMask).slice(1, 1);
}

// SPEC.md §3.4: where every layer's row 0 is overwritten, what it has seen is lost.
TEST(EPalmSemantics, AgreeWhereEveryLayerToTheEndIsInjected) {
  for (const int64_t end : {kLayers, kLayers + 3}) {
    EXPECT_TRUE(
        at::equal(text_logits(injecting(1, end), kReference, kIds), text_logits(injecting(1, end), kCausal, kIds)));
  }
}

TEST(EPalmSemantics, DifferWhereALayerFollowsTheLastInjectionOrOneIsLeftOut) {
  adapter::AdapterConfig every_second = injecting(0, kLayers);
  every_second.text_step = 2;
  for (const auto& config : {injecting(1, kLayers - 1), every_second}) {
    EXPECT_GT(difference(text_logits(config, kReference, kIds), text_logits(config, kCausal, kIds)), 10 * kTolerance);
  }
}

TEST(EPalmSemantics, LaterTokenLeaksBackUnderReferenceSemanticsOnly) {
  const at::Tensor other = kIds.clone();
  other[0][4] = 11;
  const auto earlier = [&](const Semantics& semantics, const at::Tensor& ids) {
    return text_logits(injecting(0, kLayers - 2), semantics, ids).slice(1, 0, kPrompts + 4);
  };
  EXPECT_TRUE(at::equal(earlier(kCausal, kIds), earlier(kCausal, other)));
  EXPECT_FALSE(at::equal(earlier(kReference, kIds), earlier(kReference, other)));
}

TEST(EPalm, DropsOutInTrainingUnderReferenceSemanticsOnly) {
  const auto loss = [](const EPalm& model, bool training) {
    nn::seed_dropout(9);
    return model.loss(model.features(image(2)), kIds, kMask, labels_of(kIds, kMask), training);
  };
  const EPalm causal = tiny_model(injecting(1, 3), kCausal), reference = tiny_model(injecting(1, 3), kReference);
  EXPECT_TRUE(at::equal(loss(causal, true), loss(causal, false)));
  EXPECT_FALSE(at::equal(loss(reference, true), loss(reference, false)));
}

class EPalmStep : public testing::TestWithParam<adapter::AdapterConfig> {};

TEST_P(EPalmStep, OnTheAdapterLeavesFrozenWeightsByteIdentical) {
  const EPalm model = tiny_model(GetParam(), kCausal);
  for (const auto& [name, tensor] : model.adapter().weights().items()) {
    // Bottlenecks start so small that a step would not show in their scales.
    if (name.starts_with("model_text.") && name.ends_with(".weight")) tensor.mul_(100);
  }
  mark_trainable(model, {});
  std::vector<at::Tensor> before;
  for (const auto& [name, tensor] : model.parameters()) before.push_back(tensor.detach().clone());
  const at::Tensor labels = labels_of(kIds, kMask);
  const at::Tensor loss = model.loss(model.features(image(2)), kIds, kMask, labels).sum();
  loss.backward();
  {
    at::NoGradGuard no_grad;
    for (const auto& [name, tensor] : model.parameters()) {
      if (tensor.grad().defined()) tensor.sub_(tensor.grad(), 1e-4);
    }
  }
  size_t i = 0;
  for (const auto& [name, tensor] : model.parameters()) {
    const bool is_adapter = model.adapter().weights().contains(name);
    EXPECT_EQ(tensor.grad().defined(), is_adapter) << name;
    EXPECT_NE(at::equal(tensor, before[i++]), is_adapter) << name;
  }
  EXPECT_LT(model.loss(model.features(image(2)), kIds, kMask, labels).sum().item<double>(), loss.item<double>());
}

INSTANTIATE_TEST_SUITE_P(Kinds, EPalmStep,
                         testing::Values(injecting(1, 3), with_bottlenecks("normal"), with_bottlenecks("parallel"),
                                         with_bottlenecks("scaled_parallel")),
                         [](const auto& info) {
                           const auto& config = info.param;
                           return config.use_adapters ? config.adapter_config.mlp->adapter_type : std::string("plain");
                         });

TEST(EPalm, BottlenecksActOnImageAndText) {
  for (const char* type : {"normal", "parallel", "scaled_parallel"}) {
    const EPalm plain = tiny_model(injecting(1, 3), kCausal), adapted = tiny_model(with_bottlenecks(type), kCausal);
    // Larger than at the start, and everything else as in `plain`.
    const at::NoGradGuard no_grad;
    for (const auto& [name, tensor] : adapted.adapter().weights().items()) {
      name.starts_with("model_text.") ? tensor.mul_(100) : tensor.copy_(plain.adapter().weights().at(name));
    }
    for (const at::Tensor& features : {plain.features(image(2)), at::Tensor()}) {
      EXPECT_GT(difference(adapted.logits(features, kIds, kMask), plain.logits(features, kIds, kMask)),
                100 * kTolerance);
    }
  }
}

TEST(EPalm, BottlenecksOfZeroAreNone) {
  for (const char* type : {"normal", "parallel", "scaled_parallel"}) {
    const EPalm plain = tiny_model(injecting(1, 3), kReference);
    const EPalm adapted = tiny_model(with_bottlenecks(type), kReference);
    const at::NoGradGuard no_grad;
    for (const auto& [name, tensor] : adapted.adapter().weights().items()) {
      name.starts_with("model_text.") ? tensor.zero_() : tensor.copy_(plain.adapter().weights().at(name));
    }
    const at::Tensor features = plain.features(image(2));
    EXPECT_TRUE(at::equal(adapted.logits(features, kIds, kMask), plain.logits(features, kIds, kMask)));
  }
}

}  // namespace
}  // namespace epalm::model
