#include "epalm/model/loss.h"

#include <cmath>

#include "tests/model/tiny_model.h"

namespace epalm::model {
namespace {

// In loops, in double: the row of text token t predicts token t + 1.
std::vector<double> in_loops(const at::Tensor& logits, const at::Tensor& labels) {
  const auto score = logits.accessor<float, 3>();
  const auto label = labels.accessor<int64_t, 2>();
  std::vector<double> losses(static_cast<size_t>(labels.size(0)), 0.0);
  for (int64_t b = 0; b < labels.size(0); ++b) {
    for (int64_t t = 0; t + 1 < labels.size(1); ++t) {
      if (label[b][t + 1] == kIgnore) continue;
      double sum = 0;
      for (int64_t v = 0; v < logits.size(2); ++v) sum += std::exp(static_cast<double>(score[b][t][v]));
      losses[static_cast<size_t>(b)] += std::log(sum) - score[b][t][label[b][t + 1]];
    }
  }
  return losses;
}

at::Tensor states(int64_t batch, int64_t rows) {
  at::manual_seed(1);
  return at::randn({batch, rows, 16});
}

TEST(LabelsOf, AreTheIdsWherePaddingIsIgnored) {
  EXPECT_TRUE(at::equal(labels_of(row({2, 1, 5, 1}), row({1, 1, 1, 0})), row({2, 1, 5, kIgnore})));
}

TEST(SequenceLoss, SumsTheCrossEntropyOfEveryLabelledToken) {
  const lm::Opt lm = tiny_lm();
  const at::Tensor labels =
      at::cat({row({2, 5, 9, 4}), row({2, 8, kIgnore, kIgnore}), row({kIgnore, kIgnore, 3, kIgnore})});
  const at::Tensor hidden = states(3, 4);
  const auto expected = in_loops(lm.head(hidden), labels);
  for (const int64_t rows : {4, 3}) {  // with that of the last token and without
    const at::Tensor losses = sequence_loss(lm, hidden.slice(1, 0, rows), labels);
    ASSERT_EQ(losses.sizes(), (at::IntArrayRef{3}));
    for (int64_t b = 0; b < 3; ++b) {
      // Up to 3 cross-entropies below 16: log-sum-exp of 20 terms and the sums round some 30 times.
      EXPECT_NEAR(losses[b].item<double>(), expected[static_cast<size_t>(b)], 3 * 16 * 30.0 / (1 << 24));
    }
  }
}

// What the last token of the beginning says predicts the first of each branch.
TEST(SequenceLoss, OfBranchesIsThatOfEachAsATextOfItsOwn) {
  const lm::Opt lm = tiny_lm();
  const at::Tensor hidden = states(1, 5);
  const at::Tensor labels = row({2, 5, 9, 4, 7}), branches = row({0, 1, 1, 2, 2});
  const at::Tensor first = sequence_loss(lm, hidden.slice(1, 0, 3), row({2, 5, 9}));
  const at::Tensor second = sequence_loss(lm, at::cat({hidden.slice(1, 0, 1), hidden.slice(1, 3)}, 1), row({2, 4, 7}));
  // A sum of four cross-entropies below 16.
  EXPECT_NEAR(sequence_loss(lm, hidden, labels, branches).item<double>(), (first + second).item<double>(),
              4 * 16 * 30.0 / (1 << 24));
  EXPECT_GT(std::abs(sequence_loss(lm, hidden, labels).item<double>() - (first + second).item<double>()), 0.01);
}

TEST(SequenceLoss, NeverPredictsTheFirstToken) {
  const lm::Opt lm = tiny_lm();
  EXPECT_TRUE(
      at::equal(sequence_loss(lm, states(1, 3), row({2, 5, 9})), sequence_loss(lm, states(1, 3), row({7, 5, 9}))));
}

TEST(SequenceLoss, IsZeroWhereNothingIsToBePredicted) {
  const lm::Opt lm = tiny_lm();
  EXPECT_TRUE(at::equal(sequence_loss(lm, states(2, 3), at::full({2, 3}, kIgnore, at::kLong)), at::zeros({2})));
  EXPECT_TRUE(at::equal(sequence_loss(lm, states(1, 1), row({2})), at::zeros({1})));
}

TEST(SequenceLoss, RefusesLabelsThatTheStatesCannotHold) {
  const lm::Opt lm = tiny_lm();
  EXPECT_THROW(sequence_loss(lm, states(1, 1), row({2, 5, 9})), std::logic_error);
  EXPECT_THROW(sequence_loss(lm, states(1, 4), row({2, 5, 9})), std::logic_error);
  EXPECT_THROW(sequence_loss(lm, states(2, 3), row({2, 5, 9})), std::logic_error);
}

}  // namespace
}  // namespace epalm::model
