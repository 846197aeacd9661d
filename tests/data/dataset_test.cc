#include "epalm/data/dataset.h"

#include <gtest/gtest.h>

namespace epalm::data {
namespace {

TEST(DrawnAnswer, IsAlwaysTheOnlyPossibleOne) {
  NumpyRandom random(1);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(drawn_answer({{"none", 0.0}, {"b", 0.3}}, random), "b");
}

TEST(DrawnAnswer, IsEmptyWithoutAPositiveScoreAndDrawsNothing) {
  NumpyRandom random(1), untouched(1);
  EXPECT_EQ(drawn_answer({}, random), "");
  EXPECT_EQ(drawn_answer({{"a", 0.0}}, random), "");
  EXPECT_EQ(random.random(), untouched.random());
}

TEST(AnswerDraw, FollowsTheScoresAndRepeatsForTheSameEpoch) {
  Sample sample;
  sample.label = {{"a", 0.3}, {"b", 0.9}};
  const SampleList base(std::vector<Sample>(4000, sample));
  const AnswerDraw first(base, 5, 0), second(base, 5, 1);
  int count = 0, differing = 0;
  for (int64_t i = 0; i < base.size(); ++i) {
    ASSERT_EQ(first.get(i).answer, first.get(i).answer);
    count += first.get(i).answer == "a";
    differing += first.get(i).answer != second.get(i).answer;
  }
  // Binomial(4000, 1/4) and Binomial(4000, 2*1/4*3/4): means 1000 and 1500, deviations 27.4 and 30.6; five of them.
  EXPECT_NEAR(count, 1000, 137);
  EXPECT_NEAR(differing, 1500, 153);
}

TEST(Selection, ReordersItsBase) {
  std::vector<Sample> samples(3);
  samples[2].question = "last";
  const SampleList base(samples);
  const Selection selection(base, {2, 0});
  EXPECT_EQ(selection.size(), 2);
  EXPECT_EQ(selection.get(0).question, "last");
}

}  // namespace
}  // namespace epalm::data
