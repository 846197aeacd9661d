#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "epalm/world/audio_labels.h"
#include "epalm/world/audio_language.h"
#include "epalm/world/labels.h"
#include "epalm/world/language.h"
#include "epalm/world/video_labels.h"
#include "epalm/world/video_language.h"
#include "tests/world/fnv1a.h"

// The tiny world's models are trained on these very texts and labels: a change that moves one draw or one letter makes
// them strangers to their own world. Whoever changes one on purpose trains the models anew and renews the numbers.

namespace epalm::world {
namespace {

class Texts {
 public:
  void add(const std::string& text) {
    hash_ = fnv1a(text, hash_);
    hash_ = fnv1a("\n", hash_);
  }
  void add(const std::vector<std::string>& texts) {
    for (const std::string& text : texts) add(text);
  }
  uint64_t hash() const { return hash_; }

 private:
  uint64_t hash_ = fnv1a(std::string());
};

struct Hashes {
  uint64_t descriptions, captions, questions, documents;
};

bool operator==(const Hashes& a, const Hashes& b) {
  return a.descriptions == b.descriptions && a.captions == b.captions && a.questions == b.questions &&
         a.documents == b.documents;
}

std::ostream& operator<<(std::ostream& out, const Hashes& hashes) {
  return out << hashes.descriptions << "U, " << hashes.captions << "U, " << hashes.questions << "U, "
             << hashes.documents << "U";
}

// Of 500 train and 500 test scenes.
template <typename DrawScene>
Hashes hashes_of(DrawScene draw_scene) {
  PythonRandom random(9);
  Texts described;
  Texts captioned;
  Texts asked;
  Texts documented;
  for (int i = 0; i < 1000; ++i) {
    const auto scene = draw_scene(random, i % 2 == 0 ? Split::kTrain : Split::kTest);
    described.add(describe(scene, random));
    captioned.add(captions(scene, random, 5));
    for (const Question& question : questions(scene, random)) {
      asked.add(std::vector<std::string>{question.text, question.answer, question.answer_type, question.question_type});
      asked.add(annotators(question, random));
    }
    const Document told = document(scene, random);
    documented.add(told.description);
    for (const auto& [question, answer] : told.question_answers)
      documented.add(std::vector<std::string>{question, answer});
  }
  return {described.hash(), captioned.hash(), asked.hash(), documented.hash()};
}

uint64_t corpus_hash(const std::function<std::vector<std::string>(PythonRandom&, int)>& write) {
  PythonRandom random(10);
  Texts texts;
  texts.add(write(random, 1000));
  return texts.hash();
}

TEST(Texts, OfPicturesAreTheOnesThatTheModelsLearnt) {
  EXPECT_EQ(hashes_of(random_scene),
            (Hashes{12668002387072239831U, 10552426240924415340U, 4369557471522144744U, 13806728142109041701U}));
  EXPECT_EQ(corpus_hash(corpus), 4518542002404896758U);
}

TEST(Texts, OfClipsAreTheOnesThatTheModelsLearnt) {
  EXPECT_EQ(hashes_of(random_video_scene),
            (Hashes{18440854473842215158U, 6596625654226181325U, 16660034859278775126U, 4843908578096167937U}));
  EXPECT_EQ(corpus_hash(video_corpus), 637945493572066106U);
}

TEST(Texts, OfRecordingsAreTheOnesThatTheModelsLearnt) {
  EXPECT_EQ(hashes_of(random_audio_scene),
            (Hashes{14611742997946330320U, 13874426306054100190U, 4753284085268939691U, 10535919875004524062U}));
  EXPECT_EQ(corpus_hash(audio_corpus), 10068418258190658244U);
}

// Names and classes of the heads and the labels of 200 scenes.
template <typename DrawScene>
uint64_t label_hash(DrawScene draw_scene, const std::vector<LabelHead>& heads) {
  PythonRandom random(11);
  Texts texts;
  for (const LabelHead& head : heads) texts.add(head.name + std::to_string(head.classes));
  for (int i = 0; i < 200; ++i) {
    for (const int64_t label : labels(draw_scene(random, Split::kTrain))) texts.add(std::to_string(label));
  }
  return texts.hash();
}

TEST(Labels, AreTheOnesThatTheEncodersLearnt) {
  EXPECT_EQ(label_hash(random_scene, label_heads()), 12805426920578960782U);
  EXPECT_EQ(label_hash(random_video_scene, video_label_heads()), 442131854698301193U);
  EXPECT_EQ(label_hash(random_audio_scene, audio_label_heads()), 2468332038337523922U);
}

}  // namespace
}  // namespace epalm::world
