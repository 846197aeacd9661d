#include "epalm/world/document.h"

#include <gtest/gtest.h>

#include <set>

#include "epalm/world/words.h"
#include "tests/world/question_solver.h"

namespace epalm::world {
namespace {

TEST(Document, HoldsEveryQuestionWithItsTrueAnswer) {
  PythonRandom random(1);
  for (int i = 0; i < 1000; ++i) {
    const Scene scene = random_scene(random, Split::kTrain);
    const Document text = document(scene, random);
    EXPECT_FALSE(text.description.empty());
    EXPECT_GE(text.question_answers.size(), 5U);
    for (const auto& [question, answer] : text.question_answers) {
      EXPECT_EQ(QuestionSolver(scene).solve(question), answer) << question;
    }
  }
}

TEST(Corpus, VariesAndEndsEverySentence) {
  PythonRandom random(2);
  const std::vector<std::string> texts = corpus(random, 3000);
  ASSERT_EQ(texts.size(), 3000U);
  for (const std::string& text : texts) {
    EXPECT_EQ(text.back(), '.');
  }
  EXPECT_GT(std::set<std::string>(texts.begin(), texts.end()).size(), 1500U);
}

}  // namespace
}  // namespace epalm::world
