#include "epalm/model/token_losses.h"

#include <cmath>

#include "epalm/model/loss.h"
#include "epalm/model/trainable.h"
#include "tests/model/tiny_model.h"

namespace epalm::model {
namespace {

constexpr double kUnit = 1.0 / (1 << 24);         // unit roundoff of float32
constexpr double kBfloat16Unit = 1.0 / (1 << 8);  // of bfloat16
constexpr int64_t kRows = 7, kWidth = 6;

struct Problem {
  at::Tensor x, weight, targets, pull;  // pull: what backward starts from
};

Problem problem(double size) {
  at::manual_seed(1);
  return {at::randn({kRows, kWidth}) * size, at::randn({kVocabulary, kWidth}),
          at::tensor({0, 19, 7, 7, 3, 11, 19}, at::kLong), at::randn({kRows})};
}

// Losses and both gradients of the same in float64 by libtorch's own operators: the plain twin.
struct Plain {
  at::Tensor losses, dx, dw;
  at::Tensor probability;  // [R,V]
  explicit Plain(const Problem& of) {
    const at::Tensor x = of.x.detach().to(at::kDouble).requires_grad_();
    const at::Tensor weight = of.weight.detach().to(at::kDouble).requires_grad_();
    const at::Tensor logits = at::linear(x, weight);
    losses = at::cross_entropy_loss(logits, of.targets, {}, at::Reduction::None);
    losses.backward(of.pull.to(at::kDouble));
    dx = x.grad();
    dw = weight.grad();
    probability = at::softmax(logits, 1).detach();
  }
};

// How far a logit of x [R,W] may err: W products summed in float32, of operands rounded to `unit`.
at::Tensor logit_error(const Problem& of, double unit) {
  const at::Tensor size = of.x.detach().abs().matmul(of.weight.detach().to(at::kFloat).abs().t()).amax(1, true);
  return size.to(at::kDouble) * (2 * (kWidth + 1) * kUnit + unit);  // [R,1]
}

// A term exp(logit - maximum) errs by that of two logits; each of V sums and at most V rescalings by two more units,
// and a term that is rounded to `unit` by that.
at::Tensor term_error(const Problem& of, double unit) {
  return 2 * logit_error(of, unit) + (3 * kVocabulary + 16) * kUnit + unit;
}

void expect_within(const at::Tensor& got, const at::Tensor& exact, const at::Tensor& bound, const char* what) {
  ASSERT_EQ(got.sizes(), exact.sizes()) << what;
  EXPECT_TRUE(((got.detach().to(at::kDouble) - exact).abs() <= bound).all().item<bool>())
      << what << "\n"
      << got.detach().to(at::kDouble) - exact << "\n"
      << bound;
}

void expect_plain(const Problem& of, int64_t block, bool weight_trains, double unit) {
  SCOPED_TRACE("blocks of " + std::to_string(block));
  const Plain plain(of);
  const at::Tensor x = of.x.detach().clone().requires_grad_();
  const at::Tensor weight = of.weight.detach().clone().requires_grad_(weight_trains);
  const at::Tensor losses = token_losses(x, weight, of.targets, block);
  losses.backward(of.pull);
  const at::Tensor slack = term_error(of, unit);  // [R,1], relative
  expect_within(losses, plain.losses.detach(),
                (slack + 4 * kUnit * plain.losses.detach().unsqueeze(1).abs()).squeeze(1), "losses");
  // dx = pull · (Σ p W over the others - their share of p times W[target]): each term by its own relative error, twice
  // for the quotient.
  const at::Tensor own = at::one_hot(of.targets, kVocabulary).to(at::kDouble);
  const at::Tensor others = plain.probability * (1 - own);
  const at::Tensor moved = others + own * others.sum(1, true);  // [R,V]: |p - own|
  const at::Tensor pull = of.pull.to(at::kDouble).abs().unsqueeze(1);
  expect_within(x.grad(), plain.dx, 2 * slack * pull * moved.matmul(of.weight.to(at::kDouble).abs()) + 1e-30, "dx");
  if (!weight_trains) {
    EXPECT_FALSE(weight.grad().defined());
    return;
  }
  // The result has the weight's type; at most R rows are summed.
  expect_within(weight.grad(), plain.dw,
                (2 * slack * pull * moved).t().matmul(of.x.to(at::kDouble).abs()) +
                    (kRows * kUnit + unit) * plain.dw.abs() +
                    (kRows * kUnit) * (pull * moved).t().matmul(of.x.to(at::kDouble).abs()),
                "dw");
}

// Blocks of one column, such that do not divide the vocabulary, and more than all of it.
TEST(TokenLosses, EqualThePlainOnesInEveryBlockSize) {
  for (const double size : {0.1, 1.0, 20.0}) {
    for (const int64_t block : {1, 3, 7, 20, 8192}) {
      for (const bool weight_trains : {false, true}) expect_plain(problem(size), block, weight_trains, 0);
    }
  }
}

TEST(TokenLosses, EqualThePlainOnesWithinBfloat16WhereTheWeightIsThat) {
  Problem of = problem(1);
  of.weight = of.weight.to(at::kBFloat16);
  for (const int64_t block : {3, 8192}) {
    for (const bool weight_trains : {false, true}) expect_plain(of, block, weight_trains, kBfloat16Unit);
  }
}

TEST(TokenLosses, TakeFloat16WeightsAsFloat32) {
  Problem of = problem(1);
  of.weight = of.weight.to(at::kHalf);
  expect_plain(of, 7, false, 0);
}

// As of the matrix that its integers say. States, and what gradients multiply, are rounded to bfloat16 or to integers
// of which the largest number is 127.
TEST(TokenLosses, TakeQuantizedWeights) {
  constexpr int64_t kGroups = 64;
  constexpr double kHalf = 0.5 / 127 * (1 + 8 * kUnit);
  at::manual_seed(2);
  const nn::QuantizedMatrix matrix(at::randn({kVocabulary, kGroups}) / 8, 8, "words");
  const at::Tensor dense = matrix.rows(0, kVocabulary), size = dense.to(at::kDouble).abs();
  Problem of{at::randn({kRows, kGroups}), dense.to(at::kFloat), problem(1).targets, at::ones({kRows})};
  const Plain plain(of);
  const at::Tensor x = of.x.clone().requires_grad_();
  const at::Tensor losses = token_losses(x, matrix, of.targets, 7);
  losses.sum().backward();
  const at::Tensor numbers = of.x.to(at::kDouble).abs();
  const at::Tensor rounded = numbers.matmul(size.t()) * (2 * kBfloat16Unit);
  const at::Tensor logits = rounded + (numbers.amax(1, true) * kHalf) * size.sum(1);   // [R,V]: how far they may err
  const at::Tensor slack = 2 * logits.amax(1, true) + (3 * kVocabulary + 16) * kUnit;  // [R,1]
  expect_within(losses, plain.losses.detach(), slack.squeeze(1) * 1.1, "losses");
  const at::Tensor own = at::one_hot(of.targets, kVocabulary).to(at::kDouble);
  const at::Tensor others = plain.probability * (1 - own), share = others + own * others.sum(1, true);
  const at::Tensor scales = matrix.scales().to(at::kDouble);  // [V]
  const at::Tensor of_terms = (others * scales).amax(1, true) * kHalf * (size / scales.unsqueeze(1)).sum(0) +
                              (others * (2 * kBfloat16Unit)).matmul(size);
  expect_within(x.grad(), plain.dx, 2 * slack * share.matmul(size) + 2 * of_terms, "dx");
}

// Where the target is certain, p - 1 in float32 keeps no digit; the others' share does.
TEST(TokenLosses, KeepTheDigitsOfASmallGradient) {
  Problem of = problem(1);
  of.x.copy_(of.weight.index_select(0, of.targets) * 4);
  const Plain plain(of);
  ASSERT_LT(plain.dx.abs().min().item<double>(), 1e-6);
  expect_plain(of, 7, false, 0);
}

TEST(TokenLosses, AreNotFiniteWhereAStateIsNot) {
  Problem of = problem(1);
  of.x[2][1] = std::nan("");
  const at::Tensor finite = token_losses(of.x, of.weight, of.targets, 7).isfinite();
  EXPECT_FALSE(finite[2].item<bool>());
  EXPECT_EQ(finite.sum().item<int64_t>(), kRows - 1);
}

TEST(TokenLosses, RecordNothingWhereNothingTrains) {
  const Problem of = problem(1);
  EXPECT_FALSE(token_losses(of.x, of.weight, of.targets).requires_grad());
  const at::Tensor x = of.x.detach().requires_grad_();
  const at::NoGradGuard no_grad;
  EXPECT_FALSE(token_losses(x, of.weight, of.targets).requires_grad());
}

TEST(TokenLosses, OfNoRowAreNone) {
  const Problem of = problem(1);
  const at::Tensor x = at::zeros({0, kWidth}).requires_grad_();
  const at::Tensor losses = token_losses(x, of.weight, at::zeros({0}, at::kLong));
  EXPECT_EQ(losses.sizes(), (at::IntArrayRef{0}));
  losses.sum().backward();
  EXPECT_EQ(x.grad().sizes(), x.sizes());
}

TEST(TokenLosses, RefuseWhatDoesNotFit) {
  const Problem of = problem(1);
  EXPECT_THROW(token_losses(of.x, at::zeros({kVocabulary, kWidth + 1}), of.targets), std::logic_error);
  EXPECT_THROW(token_losses(of.x, of.weight, of.targets.slice(0, 1)), std::logic_error);
}

// The published computation: logits of every row, every row's cross-entropy, the ignored ones
// dropped; the first token is no target.
at::Tensor plain_sequence_loss(const lm::Opt& lm, const at::Tensor& hidden, const at::Tensor& labels) {
  const at::Tensor logits = lm.head(hidden);
  const at::Tensor shifted = at::constant_pad_nd(labels.slice(1, 1), {hidden.size(1) - labels.size(1), 0}, kIgnore);
  return at::cross_entropy_loss(logits.slice(1, 0, -1).transpose(1, 2), shifted, {}, at::Reduction::None, kIgnore)
      .sum(1);
}

class TrainingPath : public testing::TestWithParam<std::tuple<bool, bool, bool>> {};

TEST_P(TrainingPath, GivesLossAndEveryGradientOfThePlainOne) {
  const auto [reference, prompts, lm_trains] = GetParam();
  adapter::AdapterConfig config = injecting(1, 3);
  config.prompt_tuning = prompts;
  const EPalm model = tiny_model(config, reference ? kReference : kCausal);
  mark_trainable(model, {.unfreeze_text_model = lm_trains});
  const at::Tensor ids = at::cat({row({2, 5, 9, 4, 7}), row({2, 8, 3, 1, 1})});
  const at::Tensor mask = at::cat({row({1, 1, 1, 1, 1}), row({1, 1, 1, 0, 0})});
  const at::Tensor labels = labels_of(ids, mask), features = model.features(image(2));
  const auto run = [&](const auto& loss_of) {
    for (const auto& [name, tensor] : model.parameters()) tensor.mutable_grad() = at::Tensor();
    const at::Tensor loss = loss_of();
    loss.sum().backward();
    std::vector<at::Tensor> results{loss.detach()};
    for (const auto& [name, tensor] : model.parameters())
      results.push_back(tensor.grad().defined() ? tensor.grad().clone() : at::Tensor());
    return results;
  };
  const auto fast = run([&] { return model.loss(features, ids, mask, labels); });
  const auto plain = run([&] { return plain_sequence_loss(model.lm(), model.hidden(features, ids, mask), labels); });
  double largest = 0;
  for (size_t i = 1; i < plain.size(); ++i) {
    ASSERT_EQ(fast[i].defined(), plain[i].defined());
    if (plain[i].defined()) largest = std::max(largest, plain[i].abs().max().item<double>());
  }
  ASSERT_GT(largest, 0);
  // Up to 4 cross-entropies below 16 of 20 terms each: 4 · 16 · (3 · 20 + 16) roundings at most.
  EXPECT_LE(difference(fast[0], plain[0]), 4 * 16 * 76 * kUnit);
  // What reaches the last states differs by (3 V + 16) + 2 W · 16 roundings of either path, 588 u together with those
  // of the plain one; below them both are one linear map, whose 5 parts round some 32 times each and may cancel to a
  // sixteenth of their terms.
  for (size_t i = 1; i < plain.size(); ++i) {
    if (plain[i].defined()) {
      EXPECT_LE(difference(fast[i], plain[i]), 16 * (588 + 5 * 32) * kUnit * largest);
    }
  }
}

std::string kind_name(const testing::TestParamInfo<std::tuple<bool, bool, bool>>& info) {
  const auto [reference, prompts, lm_trains] = info.param;
  return std::string(reference ? "Reference" : "Causal") + (prompts ? "Prompts" : "") + (lm_trains ? "TrainedLm" : "");
}

INSTANTIATE_TEST_SUITE_P(Kinds, TrainingPath, testing::Combine(testing::Bool(), testing::Bool(), testing::Bool()),
                         kind_name);

// Which layers' inputs belong to the graph.
std::vector<bool> recorded(bool prompts) {
  adapter::AdapterConfig config = injecting(2, 3);
  config.prompt_tuning = prompts;
  const EPalm model = tiny_model(config, kReference);
  mark_trainable(model, {});
  lm::OptInput input;
  input.ids = row({2, 5, 9, 4, 7});
  input.prompts = model.adapter().prompts();
  input.slots = model.adapter().slots(model.features(image(1)), kLayers);
  input.semantics = model.semantics();
  std::vector<bool> layers;
  input.observe = [&](const at::Tensor& x) { layers.push_back(x.requires_grad()); };
  model.lm().hidden(input);
  return layers;
}

TEST(TrainingGraph, RecordsNoGraphBelowTheFirstInjectedLayerUnlessPromptsTrain) {
  EXPECT_EQ(recorded(false), (std::vector<bool>{false, false, true, true, true}));
  EXPECT_EQ(recorded(true), std::vector<bool>(5, true));
}

}  // namespace
}  // namespace epalm::model
