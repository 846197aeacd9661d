#include "epalm/world/audio_document.h"

#include "epalm/world/audio_describe.h"
#include "epalm/world/audio_questions.h"
#include "epalm/world/telling.h"

namespace epalm::world {
namespace {

std::string audio_fact(PythonRandom& random) {
  switch (random.randrange(4)) {
    case 0:
      return with_article(random.choice(std::vector<std::string>(kSoundKinds.begin(), kSoundKinds.end()))) +
             " is a sound.";
    case 1:
      return random.choice(std::vector<std::string>(kPitches.begin(), kPitches.end())) + " is a pitch.";
    case 2:
      return synonym_fact(Medium::kAudio, random);
    default:
      return pick(random, {"a loud sound is not quiet.", "a quiet sound is not loud.", "a short sound is not long.",
                           "a long sound is not short.", "a high sound is not low.", "middle is between low and high.",
                           "first comes before second.", "second comes before third.", "second comes after first.",
                           "third comes after second."});
  }
}

}  // namespace

Document document(const AudioScene& scene, PythonRandom& random) {
  return document_of(scene, random);
}

std::vector<std::string> audio_corpus(PythonRandom& random, int count) {
  return corpus_of(random, count, audio_fact, random_audio_scene);
}

}  // namespace epalm::world
