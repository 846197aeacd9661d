#include "epalm/world/questions.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "epalm/world/words.h"
#include "tests/world/question_solver.h"

namespace epalm::world {
namespace {

constexpr int kKinds = 12;

// Five standard deviations of a fair coin's share: fails by chance less than once in a million checks.
double coin_tolerance(int trials) {
  return 5.0 * std::sqrt(0.25 / trials);
}

Scene scene_of(std::vector<Object> objects) {
  Scene scene;
  scene.objects = std::move(objects);
  return scene;
}

Object object_of(int colour, int shape, int size, int place) {
  Object object;
  object.colour = colour;
  object.shape = shape;
  object.size = size;
  object.place = place;
  return object;
}

TEST(QuestionSolver, ReadsQuestionsByHand) {
  // A small red circle in the top left, a big blue square in the bottom right, a big red square in the top right.
  const Scene scene = scene_of({object_of(0, 0, 0, 0), object_of(2, 1, 1, 3), object_of(0, 1, 1, 1)});
  const QuestionSolver solver(scene);
  EXPECT_EQ(solver.solve("how many red shapes are there"), "2");
  EXPECT_EQ(solver.solve("how many shapes do you see"), "3");
  EXPECT_EQ(solver.solve("is there a blue circle"), "no");
  EXPECT_EQ(solver.solve("what colour is the circle"), "red");
  EXPECT_EQ(solver.solve("what colour is the square"), "?");
  EXPECT_EQ(solver.solve("where is the blue shape"), "bottom right");
  EXPECT_EQ(solver.solve("what is right of the circle"), "?");
  EXPECT_EQ(solver.solve("what is below the circle"), "square");
  EXPECT_EQ(solver.solve("why is the circle red"), "");
}

class QuestionsOfSplit : public testing::TestWithParam<Split> {};

TEST_P(QuestionsOfSplit, HaveOneTrueAnswer) {
  PythonRandom random(1);
  std::set<std::string> kinds;
  for (int i = 0; i < 1500; ++i) {
    const Scene scene = random_scene(random, GetParam());
    const QuestionSolver solver(scene);
    for (const Question& question : questions(scene, random)) {
      EXPECT_EQ(solver.solve(question.text), question.answer) << question.text;
      kinds.insert(question.question_type);
    }
  }
  EXPECT_EQ(kinds.size(), static_cast<size_t>(kKinds));
}

TEST_P(QuestionsOfSplit, AnswerYesAsOftenAsNoInEveryKind) {
  PythonRandom random(2);
  std::map<std::string, std::pair<int, int>> counts;
  for (int i = 0; i < 20'000; ++i) {
    const Scene scene = random_scene(random, GetParam());
    for (const Question& question : questions(scene, random)) {
      if (question.answer_type != "yes/no") continue;
      auto& [yes, all] = counts[question.question_type];
      yes += question.answer == "yes" ? 1 : 0;
      ++all;
    }
  }
  EXPECT_EQ(counts.size(), 2U);
  for (const auto& [kind, count] : counts) {
    EXPECT_NEAR(count.first / double(count.second), 0.5, coin_tolerance(count.second)) << kind;
  }
}

// Every single pair that a question can name must be no hint either.
TEST_P(QuestionsOfSplit, DoNotTellTheAnswerByTheirWords) {
  PythonRandom random(3);
  std::map<std::string, std::pair<int, int>> counts;
  for (int i = 0; i < 40'000; ++i) {
    const Scene scene = random_scene(random, GetParam());
    for (const Question& question : questions(scene, random)) {
      if (question.answer_type != "yes/no") continue;
      auto& [yes, all] = counts[question.text];
      yes += question.answer == "yes" ? 1 : 0;
      ++all;
    }
  }
  int best = 0;
  int all = 0;
  double by_chance = 0.0;
  for (const auto& [text, count] : counts) {
    best += std::max(count.first, count.second - count.first);
    all += count.second;
    // The expected larger side of n fair coins is n/2 + sqrt(n / (2 pi)).
    by_chance += count.second / 2.0 + std::sqrt(count.second / (2 * 3.14159265));
  }
  // What is held out makes some words a little rarer than others: at most two points.
  EXPECT_LT(best / double(all), by_chance / all + 0.02);
}

INSTANTIATE_TEST_SUITE_P(Splits, QuestionsOfSplit, testing::Values(Split::kTrain, Split::kTest));

TEST(Questions, HaveTheSameWordingsForEveryAnswer) {
  PythonRandom random(6);
  std::map<std::string, std::set<std::string>> answers;
  for (int i = 0; i < 20'000; ++i) {
    const Scene scene = random_scene(random, Split::kTrain);
    for (const Question& question : questions(scene, random)) {
      EXPECT_EQ(question.text.find('?'), std::string::npos);
      if (question.question_type == "what shape is in the") answers[question.text].insert(question.answer);
    }
  }
  EXPECT_EQ(answers.size(), 8U);  // four places, two wordings
  for (const auto& [text, seen] : answers) EXPECT_EQ(seen.size(), kShapes.size()) << text;
}

TEST(Questions, AreTheSameForTheSameSeed) {
  PythonRandom first(7);
  PythonRandom second(7);
  for (int i = 0; i < 50; ++i) {
    const std::vector<Question> a = questions(random_scene(first, Split::kTest), first);
    const std::vector<Question> b = questions(random_scene(second, Split::kTest), second);
    ASSERT_EQ(a.size(), b.size());
    for (size_t q = 0; q < a.size(); ++q) EXPECT_EQ(a[q].text + a[q].answer, b[q].text + b[q].answer);
  }
}

}  // namespace
}  // namespace epalm::world
