#include "epalm/metrics/vqa_accuracy.h"

#include <gtest/gtest.h>

#include "epalm/base/error.h"

namespace epalm::metrics {
namespace {

VqaItem item(const std::string& prediction, int matching, std::optional<bool> optimal = std::nullopt) {
  VqaItem out{prediction, {}, "what is", "other", optimal};
  for (int i = 0; i < 10; ++i) out.answers.push_back(i < matching ? "cat" : "dog " + std::to_string(i));
  return out;
}

// Of ten annotators m say the answer: m of the ten leave-one-out sets hold m-1 matches, the others m.
TEST(VqaAccuracy, AveragesOverLeavingEachAnnotatorOut) {
  const std::vector<VqaItem> items{item("cat", 0), item("cat", 1), item("cat", 2), item("cat", 3), item("cat", 4)};
  EXPECT_EQ(vqa_accuracy(items).per_question, (std::vector<double>{0, 30, 60, 90, 100}));
  EXPECT_EQ(vqa_accuracy(items).overall, 56);
}

TEST(VqaAccuracy, ComparesWithAnswersAsWrittenWhereAllAgree) {
  VqaItem unanimous{"St.Paul", std::vector<std::string>(10, "st.paul"), "where", "other", {}};
  EXPECT_EQ(vqa_accuracy(std::vector{unanimous}).overall,
            0);  // the prediction loses its period, the answers keep theirs
  unanimous.answers[0] = "paris";
  EXPECT_EQ(vqa_accuracy(std::vector{unanimous}).overall, 100);
}

TEST(VqaAccuracy, CountsUnmarkedQuestionsInBothTopkSplits) {
  const std::vector<VqaItem> items{item("cat", 10, true), item("dog", 10, false), item("cat", 1)};
  EXPECT_EQ(vqa_accuracy(items, TopkFilter::kOptimal).overall, 65);
  EXPECT_EQ(vqa_accuracy(items, TopkFilter::kNotOptimal).overall, 15);
}

TEST(VqaAccuracy, GroupsByQuestionAndAnswerType) {
  std::vector<VqaItem> items{item("cat", 10), item("cat", 0)};
  items[1].question_type = "how many";
  const VqaAccuracy result = vqa_accuracy(items);
  EXPECT_EQ(result.per_question_type.at("what is"), 100);
  EXPECT_EQ(result.per_question_type.at("how many"), 0);
  EXPECT_EQ(result.per_answer_type.at("other"), 50);
}

TEST(VqaAccuracy, RefusesAQuestionWithoutAnswers) {
  EXPECT_THROW(vqa_accuracy(std::vector{VqaItem{"cat", {}, "", "", {}}}), Error);
}

TEST(SoftScore, WantsTheAnswerToTheLetter) {
  const AnswerScores label{{"yes", 0.9}};
  EXPECT_EQ(soft_score(label, "yes"), 0.9);
  EXPECT_EQ(soft_score(label, " yes"), 0);
}

TEST(NormalizedScore, ComparesNormalFormsAndTakesTheLastOfEqualLabels) {
  const AnswerScores label{{"two", 0.3}, {"2", 1.0}};
  EXPECT_EQ(normalized_score(label, " The Two."), 1.0);
  EXPECT_EQ(normalized_score(label, "three"), 0);
}

}  // namespace
}  // namespace epalm::metrics
