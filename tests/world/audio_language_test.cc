#include "epalm/world/audio_language.h"

#include <gtest/gtest.h>

#include <set>

#include "epalm/world/wording.h"
#include "epalm/world/words.h"
#include "tests/world/audio_question_solver.h"

namespace epalm::world {
namespace {

std::string full_name(const Sound& sound) {
  return "a " + word_of(kLoudnesses, sound.loudness) + " " + word_of(kPitches, sound.pitch) + " " +
         word_of(kLengths, sound.length) + " " + word_of(kSoundKinds, sound.kind);
}

TEST(DescribeAudio, TellsEverySoundInItsOrderByItsNumber) {
  PythonRandom random(1);
  for (int i = 0; i < 2000; ++i) {
    const AudioScene scene = random_audio_scene(random, Split::kTest);
    const std::string text = describe(scene, random);
    size_t at = 0;
    for (size_t s = 0; s < scene.sounds.size(); ++s) {
      const std::string expected = std::string(kOrdinals[s]) + " " + full_name(scene.sounds[s]);
      at = text.find(expected, at);
      ASSERT_NE(at, std::string::npos) << expected << " in: " << text;
    }
    EXPECT_EQ(text.back(), '.');
  }
}

TEST(AudioCaptions, AreDifferentAndNameEverySoundInItsOrder) {
  PythonRandom random(3);
  for (int i = 0; i < 1000; ++i) {
    const AudioScene scene = random_audio_scene(random, Split::kTrain);
    const std::vector<std::string> texts = captions(scene, random, 5);
    ASSERT_EQ(texts.size(), 5U);
    EXPECT_EQ(std::set<std::string>(texts.begin(), texts.end()).size(), 5U);
    for (const std::string& text : texts) {
      size_t at = 0;
      for (const Sound& sound : scene.sounds) {
        at = text.find(word_of(kSoundKinds, sound.kind), at);
        ASSERT_NE(at, std::string::npos) << text;
        ++at;
      }
      for (int pitch = 0; pitch < kPitchCount; ++pitch) {
        const bool told = text.find(" " + word_of(kPitches, pitch) + " ") != std::string::npos;
        if (told) {
          EXPECT_GT(count_value(scene.sounds, &Sound::pitch, pitch), 0) << text;
        }
      }
    }
  }
}

TEST(AudioDocument, HoldsEveryQuestionWithItsTrueAnswer) {
  PythonRandom random(4);
  for (int i = 0; i < 500; ++i) {
    const AudioScene scene = random_audio_scene(random, Split::kTrain);
    const Document text = document(scene, random);
    EXPECT_NE(text.description.find(full_name(scene.sounds.front())), std::string::npos);
    EXPECT_GE(text.question_answers.size(), 5U);
    for (const auto& [question, answer] : text.question_answers) {
      EXPECT_EQ(AudioQuestionSolver(scene).solve(question), answer) << question;
    }
  }
}

TEST(AudioCorpus, VariesAndEndsEverySentence) {
  PythonRandom random(5);
  const std::vector<std::string> texts = audio_corpus(random, 3000);
  ASSERT_EQ(texts.size(), 3000U);
  for (const std::string& text : texts) EXPECT_EQ(text.back(), '.');
  EXPECT_GT(std::set<std::string>(texts.begin(), texts.end()).size(), 1500U);
}

}  // namespace
}  // namespace epalm::world
