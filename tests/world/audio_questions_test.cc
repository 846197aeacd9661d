#include "epalm/world/audio_questions.h"

#include <gtest/gtest.h>

#include "epalm/world/annotators.h"
#include "tests/world/audio_question_solver.h"
#include "tests/world/question_checks.h"

namespace epalm::world {
namespace {

Sound sound_of(int kind, int pitch, int loudness, int length) {
  Sound sound;
  sound.kind = kind;
  sound.pitch = pitch;
  sound.loudness = loudness;
  sound.length = length;
  return sound;
}

TEST(AudioQuestionSolver, ReadsQuestionsByHand) {
  // A quiet high short beep, then a loud low long noise, then a loud high short noise.
  AudioScene scene;
  scene.sounds = {sound_of(kBeep, 2, 0, 0), sound_of(kNoise, 0, kLoud, kLong), sound_of(kNoise, 2, kLoud, 0)};
  const AudioQuestionSolver solver(scene);
  EXPECT_EQ(solver.solve("how many sounds do you hear"), "3");
  EXPECT_EQ(solver.solve("how many noises are there"), "2");
  EXPECT_EQ(solver.solve("how many high sounds are there"), "2");
  EXPECT_EQ(solver.solve("do you hear a low beep"), "no");
  EXPECT_EQ(solver.solve("is there a beep"), "yes");
  EXPECT_EQ(solver.solve("is the beep high"), "yes");
  EXPECT_EQ(solver.solve("does the beep sound loud"), "no");
  EXPECT_EQ(solver.solve("what sound is third"), "noise");
  EXPECT_EQ(solver.solve("which sound is quiet"), "beep");
  EXPECT_EQ(solver.solve("what sound is high"), "?");
  EXPECT_EQ(solver.solve("what is the pitch of the beep"), "high");
  EXPECT_EQ(solver.solve("what pitch is the noise"), "?");
  EXPECT_EQ(solver.solve("how long is the second sound"), "long");
  EXPECT_EQ(solver.solve("is the beep quiet or loud"), "quiet");
  EXPECT_EQ(solver.solve("when do you hear the beep"), "first");
  EXPECT_EQ(solver.solve("which sound comes after the beep"), "noise");
  EXPECT_EQ(solver.solve("what comes before the noise"), "?");
  EXPECT_EQ(solver.solve("why is the beep loud"), "");
}

class AudioQuestionsOfSplit : public testing::TestWithParam<Split> {
 protected:
  static AudioScene draw_scene(PythonRandom& random) { return random_audio_scene(random, GetParam()); }
};

TEST_P(AudioQuestionsOfSplit, HaveOneTrueAnswer) {
  expect_true_answers<AudioQuestionSolver>(draw_scene, 10);
}

TEST_P(AudioQuestionsOfSplit, AnswerYesAsOftenAsNoInEveryKind) {
  expect_balance(draw_scene, 2);
}

TEST_P(AudioQuestionsOfSplit, AreMostlyNeitherYesNoNorNumber) {
  expect_mostly_other(draw_scene);
}

// Knowing every wording of the train scenes by heart gains nothing on yes/no and leaves room for thirty points on all
// (TINY_WORLD.md).
TEST_P(AudioQuestionsOfSplit, CannotBeAnsweredByHeart) {
  const LearnedAnswers learned =
      learn_answers([](PythonRandom& random) { return random_audio_scene(random, Split::kTrain); }, 40'000);
  const auto accuracy = blind_accuracy(learned, draw_scene, 20'000);
  EXPECT_LT(accuracy.at("yes/no"), 0.52);
  EXPECT_LT(accuracy.at("all"), 0.42);
}

TEST_P(AudioQuestionsOfSplit, HaveNoFrequentAnswer) {
  expect_no_frequent_answer(draw_scene);
}

INSTANTIATE_TEST_SUITE_P(Splits, AudioQuestionsOfSplit, testing::Values(Split::kTrain, Split::kTest));

TEST(AudioAnnotators, AgreeAtLeastSevenTimesAndStayWithinTheAnswerList) {
  PythonRandom random(1);
  const auto& list = all_answers(Medium::kAudio);
  const std::set<std::string> known(list.begin(), list.end());
  EXPECT_EQ(known.size(), list.size());
  std::set<std::string> given;
  for (int i = 0; i < 5000; ++i) {
    for (const Question& question : questions(random_audio_scene(random, Split::kTest), random)) {
      const std::vector<std::string> answers = annotators(question, random);
      EXPECT_GE(std::count(answers.begin(), answers.end(), question.answer), 7);
      given.insert(answers.begin(), answers.end());
    }
  }
  EXPECT_EQ(given, known) << "every answer and synonym occurs, and no other";
}

}  // namespace
}  // namespace epalm::world
