#include "epalm/world/video_language.h"

#include <gtest/gtest.h>

#include <set>

#include "epalm/world/wording.h"
#include "epalm/world/words.h"
#include "tests/world/video_question_solver.h"

namespace epalm::world {
namespace {

std::string clause(const Event& event) {
  return colour_word(event.colour) + " " + shape_word(event.shape) + " " + action_words(event.action);
}

TEST(DescribeVideo, TellsEveryEventInItsOrderByItsNumber) {
  PythonRandom random(1);
  for (int i = 0; i < 2000; ++i) {
    const VideoScene scene = random_video_scene(random, Split::kTest);
    const std::string text = describe(scene, random);
    size_t at = 0;
    for (size_t e = 0; e < scene.events.size(); ++e) {
      const std::string expected =
          std::string(kOrdinals[e]) + " " +
          with_article(colour_word(scene.events[e].colour) + " " + shape_word(scene.events[e].shape)) + " " +
          action_words(scene.events[e].action);
      at = text.find(expected, at);
      ASSERT_NE(at, std::string::npos) << expected << " in: " << text;
    }
    EXPECT_EQ(text.back(), '.');
    if (scene.events.size() < 3) {
      EXPECT_EQ(text.find("third"), std::string::npos);
    }
  }
}

TEST(DescribeVideo, VariesItsWording) {
  PythonRandom random(2);
  VideoScene scene;
  scene.events.resize(2);
  std::set<std::string> texts;
  for (int i = 0; i < 200; ++i) texts.insert(describe(scene, random));
  EXPECT_EQ(texts.size(), 3U * 4U) << "three forms after three leads or none";
}

TEST(VideoCaptions, AreDifferentAndNameEveryShapeInItsOrder) {
  PythonRandom random(3);
  for (int i = 0; i < 1000; ++i) {
    const VideoScene scene = random_video_scene(random, Split::kTrain);
    const std::vector<std::string> texts = captions(scene, random, 5);
    ASSERT_EQ(texts.size(), 5U);
    EXPECT_EQ(std::set<std::string>(texts.begin(), texts.end()).size(), 5U);
    for (const std::string& text : texts) {
      size_t at = 0;
      for (const Event& event : scene.events) {
        at = text.find(colour_word(event.colour) + " " + shape_word(event.shape), at);
        ASSERT_NE(at, std::string::npos) << text;
        ++at;
      }
      for (int action = 0; action < kActionCount; ++action) {
        const bool told = text.find(action_words(action)) != std::string::npos;
        if (told) {
          EXPECT_GT(count_value(scene.events, &Event::action, action), 0) << text;
        }
      }
    }
  }
}

TEST(VideoDocument, HoldsEveryQuestionWithItsTrueAnswer) {
  PythonRandom random(4);
  for (int i = 0; i < 500; ++i) {
    const VideoScene scene = random_video_scene(random, Split::kTrain);
    const Document text = document(scene, random);
    EXPECT_NE(text.description.find(clause(scene.events.front())), std::string::npos);
    EXPECT_GE(text.question_answers.size(), 6U) << "what can be asked where all events are alike";
    for (const auto& [question, answer] : text.question_answers) {
      EXPECT_EQ(VideoQuestionSolver(scene).solve(question), answer) << question;
    }
  }
}

TEST(VideoCorpus, VariesAndEndsEverySentence) {
  PythonRandom random(5);
  const std::vector<std::string> texts = video_corpus(random, 3000);
  ASSERT_EQ(texts.size(), 3000U);
  for (const std::string& text : texts) EXPECT_EQ(text.back(), '.');
  EXPECT_GT(std::set<std::string>(texts.begin(), texts.end()).size(), 1500U);
}

// Every word becomes a token of the language model.
TEST(VideoLanguage, NeedsFewWords) {
  PythonRandom random(6);
  std::set<std::string> words;
  const auto add = [&](const std::string& text) {
    std::string word;
    for (const char c : text + " ") {
      if (std::isalpha(static_cast<unsigned char>(c)) != 0) {
        word += c;
      } else if (!word.empty()) {
        words.insert(word);
        word.clear();
      }
    }
  };
  for (const std::string& text : video_corpus(random, 3000)) add(text);
  for (int i = 0; i < 2000; ++i) {
    const Document text = document(random_video_scene(random, Split::kTrain), random);
    add(text.description);
    for (const auto& [question, answer] : text.question_answers) add(question + " " + answer);
  }
  EXPECT_LT(words.size(), 120U);
}

}  // namespace
}  // namespace epalm::world
