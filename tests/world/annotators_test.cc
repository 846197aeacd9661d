#include "epalm/world/annotators.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "epalm/base/error.h"

namespace epalm::world {
namespace {

TEST(Annotators, AgreeAtLeastSevenTimesAndStayWithinTheAnswerList) {
  PythonRandom random(1);
  const std::set<std::string> known(all_answers().begin(), all_answers().end());
  EXPECT_EQ(known.size(), all_answers().size());
  std::set<std::string> given;
  int disagreements = 0;
  int asked = 0;
  for (int i = 0; i < 3000; ++i) {
    for (const Question& question : questions(random_scene(random, Split::kTest), random)) {
      const std::vector<std::string> answers = annotators(question, random);
      ASSERT_EQ(answers.size(), static_cast<size_t>(kAnnotators));
      EXPECT_GE(std::count(answers.begin(), answers.end(), question.answer), 7);
      EXPECT_TRUE(known.contains(question.answer));
      for (const std::string& answer : answers) EXPECT_TRUE(known.contains(answer)) << answer;
      given.insert(answers.begin(), answers.end());
      disagreements += std::count(answers.begin(), answers.end(), question.answer) < kAnnotators ? 1 : 0;
      ++asked;
    }
  }
  EXPECT_EQ(given, known) << "every answer and synonym occurs";
  EXPECT_GT(disagreements, asked / 20);
  EXPECT_LT(disagreements, asked * 3 / 10);
}

TEST(Annotators, RejectAnAnswerTheWorldDoesNotHave) {
  PythonRandom random(2);
  EXPECT_THROW(annotators({"what is it", "elephant", "other", "what is"}, random), Error);
}

}  // namespace
}  // namespace epalm::world
