#include "epalm/world/video_questions.h"

#include <gtest/gtest.h>

#include "epalm/world/annotators.h"
#include "tests/world/question_checks.h"
#include "tests/world/video_question_solver.h"

namespace epalm::world {
namespace {

Event event_of(int colour, int shape, int action) {
  Event event;
  event.colour = colour;
  event.shape = shape;
  event.action = action;
  return event;
}

TEST(VideoQuestionSolver, ReadsQuestionsByHand) {
  // A red circle moves left, then a blue square grows, then a red square shrinks.
  VideoScene scene;
  scene.events = {event_of(0, 0, kMoveLeft), event_of(2, 1, kGrow), event_of(0, 1, kShrink)};
  const VideoQuestionSolver solver(scene);
  EXPECT_EQ(solver.solve("how many red shapes are there"), "2");
  EXPECT_EQ(solver.solve("how many shapes do you see"), "3");
  EXPECT_EQ(solver.solve("is there a blue circle"), "no");
  EXPECT_EQ(solver.solve("does the circle move left"), "yes");
  EXPECT_EQ(solver.solve("does the circle grow"), "no");
  EXPECT_EQ(solver.solve("what colour is the circle"), "red");
  EXPECT_EQ(solver.solve("what colour is the square"), "?");
  EXPECT_EQ(solver.solve("what colour is second"), "blue");
  EXPECT_EQ(solver.solve("which shape is third"), "square");
  EXPECT_EQ(solver.solve("what happens to the blue shape"), "grows");
  EXPECT_EQ(solver.solve("what does the red shape do"), "?");
  EXPECT_EQ(solver.solve("what does the third shape do"), "shrinks");
  EXPECT_EQ(solver.solve("what happens first"), "moves left");
  EXPECT_EQ(solver.solve("which shape moves left"), "circle");
  EXPECT_EQ(solver.solve("when does the circle come"), "first");
  EXPECT_EQ(solver.solve("what comes after the circle"), "square");
  EXPECT_EQ(solver.solve("what comes before the circle"), "?");
  EXPECT_EQ(solver.solve("why is the circle red"), "");
}

class VideoQuestionsOfSplit : public testing::TestWithParam<Split> {
 protected:
  static VideoScene draw_scene(PythonRandom& random) { return random_video_scene(random, GetParam()); }
};

TEST_P(VideoQuestionsOfSplit, HaveOneTrueAnswer) {
  expect_true_answers<VideoQuestionSolver>(draw_scene, 14);
}

TEST_P(VideoQuestionsOfSplit, AnswerYesAsOftenAsNoInEveryKind) {
  expect_balance(draw_scene, 2);
}

TEST_P(VideoQuestionsOfSplit, AreMostlyNeitherYesNoNorNumber) {
  expect_mostly_other(draw_scene);
}

// Knowing every wording of the train scenes by heart gains nothing on yes/no and leaves room for thirty points on all
// (TINY_WORLD.md).
TEST_P(VideoQuestionsOfSplit, CannotBeAnsweredByHeart) {
  const LearnedAnswers learned =
      learn_answers([](PythonRandom& random) { return random_video_scene(random, Split::kTrain); }, 40'000);
  const auto accuracy = blind_accuracy(learned, draw_scene, 20'000);
  EXPECT_LT(accuracy.at("yes/no"), 0.52);
  EXPECT_LT(accuracy.at("all"), 0.42);
}

TEST_P(VideoQuestionsOfSplit, HaveNoFrequentAnswer) {
  expect_no_frequent_answer(draw_scene);
}

INSTANTIATE_TEST_SUITE_P(Splits, VideoQuestionsOfSplit, testing::Values(Split::kTrain, Split::kTest));

TEST(VideoAnnotators, AgreeAtLeastSevenTimesAndStayWithinTheAnswerList) {
  PythonRandom random(1);
  const auto& list = all_answers(Medium::kVideo);
  const std::set<std::string> known(list.begin(), list.end());
  EXPECT_EQ(known.size(), list.size());
  std::set<std::string> given;
  for (int i = 0; i < 5000; ++i) {
    for (const Question& question : questions(random_video_scene(random, Split::kTest), random)) {
      const std::vector<std::string> answers = annotators(question, random);
      EXPECT_GE(std::count(answers.begin(), answers.end(), question.answer), 7);
      given.insert(answers.begin(), answers.end());
    }
  }
  EXPECT_EQ(given, known) << "every answer and synonym occurs, and no other";
}

}  // namespace
}  // namespace epalm::world
