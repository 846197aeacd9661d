#include "epalm/decode/rank_answers.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "epalm/base/error.h"

namespace epalm::decode {
namespace {

using testing::ElementsAre;

// Four answers starting with tokens 3, 0, 1, 3; the losses reverse the order that the first tokens give.
TEST(RankAnswers, RescoresTheLikeliestFirstTokensByTheSequenceLoss) {
  const at::Tensor logits = at::tensor({.4F, .3F, .1F, .2F, .5F, .1F, .1F, .3F}).view({2, 4}).log();
  const at::Tensor first = at::tensor({2, 0, 1, 3}, at::kLong);
  const RankedAnswers ranked =
      rank_answers(logits, first, 2, [](const std::vector<int64_t>& question, const std::vector<int64_t>& answer) {
        EXPECT_THAT(question, ElementsAre(0, 0, 1, 1));
        EXPECT_THAT(answer, ElementsAre(1, 2, 1, 3));
        return at::tensor({2.0F, 1.0F, 0.5F, 5.0F});
      });
  EXPECT_TRUE(ranked.answers.equal(at::tensor({2, 1, 1, 3}, at::kLong).view({2, 2})));
  // Scores .4 e^-2 and .3 e^-1; .5 e^-.5 and .3 e^-5, normalised per question.
  const double a = .4 * std::exp(-2.), b = .3 * std::exp(-1.), c = .5 * std::exp(-.5), d = .3 * std::exp(-5.);
  const at::Tensor expected = at::tensor({b / (a + b), a / (a + b), c / (c + d), d / (c + d)}).view({2, 2});
  // Float32 softmax, log and softmax of numbers below 6: a few units of 6 * 2^-24.
  EXPECT_LT((ranked.probabilities.to(at::kDouble) - expected).abs().max().item<double>(), 2e-6);
}

TEST(RankAnswers, RefusesMoreCandidatesThanAnswersAndTokensOutsideTheVocabulary) {
  const auto loss = [](const std::vector<int64_t>& question, const std::vector<int64_t>&) {
    return at::zeros({static_cast<int64_t>(question.size())});
  };
  const at::Tensor logits = at::zeros({1, 4});
  EXPECT_THROW(rank_answers(logits, at::tensor({0, 1}, at::kLong), 3, loss), Error);
  EXPECT_THROW(rank_answers(logits, at::tensor({0, 1}, at::kLong), 0, loss), Error);
  EXPECT_THROW(rank_answers(logits, at::tensor({0, 4}, at::kLong), 1, loss), Error);
}

}  // namespace
}  // namespace epalm::decode
