#include "epalm/lm/opt_mask.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace epalm::lm {
namespace {

constexpr float kHidden = -std::numeric_limits<float>::infinity();
constexpr float kPadded = std::numeric_limits<float>::lowest();

at::Tensor rows(std::vector<float> values) {
  const auto size = static_cast<int64_t>(std::lround(std::sqrt(static_cast<double>(values.size()))));
  return at::tensor(values).view({1, 1, size, size});
}

TEST(TextAttentionMask, HidesWhatComesLaterAndPadding) {
  const at::Tensor mask = text_attention_mask(at::tensor(std::vector<int64_t>{1, 1, 0}).view({1, 3}), 0);
  EXPECT_TRUE(at::equal(mask, rows({0, kHidden, kHidden,  //
                                    0, 0, kHidden,        //
                                    0, 0, kPadded})))
      << mask;
}

TEST(TextAttentionMask, HidesPaddingThatComesLaterForGood) {
  const at::Tensor mask = text_attention_mask(at::tensor(std::vector<int64_t>{1, 0, 0}).view({1, 3}), 0);
  EXPECT_EQ(mask[0][0][1][2].item<float>(), kHidden);  // -inf and the lowest float add up to -inf
  EXPECT_FALSE(mask.isnan().any().item<bool>());
}

TEST(TextAttentionMask, TreatsPromptsAsTokensBeforeTheText) {
  const at::Tensor mask = text_attention_mask(at::tensor(std::vector<int64_t>{1, 0}).view({1, 2}), 1);
  EXPECT_TRUE(at::equal(mask, rows({0, kHidden, kHidden,  //
                                    0, 0, kHidden,        //
                                    0, 0, kPadded})))
      << mask;
}

TEST(PerceptualRow, SeesItselfOnlyUnderCausalSemanticsAndIsSeenByAll) {
  const at::Tensor text = rows({0, kHidden, 0, 0});
  EXPECT_TRUE(at::equal(with_perceptual_rows(text, 1, kCausal), rows({0, kHidden, kHidden,  //
                                                                      0, 0, kHidden,        //
                                                                      0, 0, 0})));
}

TEST(PerceptualRow, SeesEverythingUnderReferenceSemantics) {
  const at::Tensor text = rows({0, kHidden, 0, kPadded});
  EXPECT_TRUE(at::equal(with_perceptual_rows(text, 1, kReference), rows({0, 0, 0,        //
                                                                         0, 0, kHidden,  //
                                                                         0, 0, kPadded})));
}

TEST(PerceptualRows, SeeThoseBeforeThemUnderCausalSemanticsAndEverythingUnderReference) {
  const at::Tensor text = rows({0, kHidden, 0, kPadded});
  EXPECT_TRUE(at::equal(with_perceptual_rows(text, 2, kCausal), rows({0, kHidden, kHidden, kHidden,  //
                                                                      0, 0, kHidden, kHidden,        //
                                                                      0, 0, 0, kHidden,              //
                                                                      0, 0, 0, kPadded})));
  EXPECT_TRUE(at::equal(with_perceptual_rows(text, 2, kReference), rows({0, 0, 0, 0,        //
                                                                         0, 0, 0, 0,        //
                                                                         0, 0, 0, kHidden,  //
                                                                         0, 0, 0, kPadded})));
}

TEST(Branches, SeeTheBeginningAndThemselvesAndCountOnFromTheBeginning) {
  const at::Tensor branches = at::tensor(std::vector<int64_t>{0, 1, 1, 2, 0}).view({1, 5});
  const at::Tensor mask = at::tensor(std::vector<int64_t>{1, 1, 1, 1, 0}).view({1, 5});
  const at::Tensor seen = hide_other_branches(text_attention_mask(mask, 0), branches);
  EXPECT_TRUE(at::equal(seen, rows({0, kHidden, kHidden, kHidden, kHidden,  //
                                    0, 0,       kHidden, kHidden, kHidden,  //
                                    0, 0,       0,       kHidden, kHidden,  //
                                    0, kHidden, kHidden, 0,       kHidden,  //
                                    0, kHidden, kHidden, kHidden, kPadded})))
      << seen;
  EXPECT_TRUE(
      at::equal(branch_position_rows(mask, branches), at::tensor(std::vector<int64_t>{2, 3, 4, 3, 1}).view({1, 5})));
}

TEST(PositionRows, CountTokensFromTwoAndGivePaddingRowOne) {
  const at::Tensor mask = at::tensor(std::vector<int64_t>{1, 1, 1, 0, 1, 0, 1, 1}).view({2, 4});
  EXPECT_TRUE(at::equal(position_rows(mask), at::tensor(std::vector<int64_t>{2, 3, 4, 1, 2, 1, 3, 4}).view({2, 4})));
}

}  // namespace
}  // namespace epalm::lm
