#include "epalm/train/world_text.h"

#include "epalm/world/audio_language.h"
#include "epalm/world/language.h"
#include "epalm/world/video_language.h"

namespace epalm::train {

using world::Medium;

world::Document random_document(Medium medium, PythonRandom& random) {
  return with_random_scene(medium, world::Split::kTrain, random,
                           [&](const auto& scene) { return world::document(scene, random); });
}

std::string random_sentence(Medium medium, PythonRandom& random) {
  switch (medium) {
    case Medium::kImage:
      return world::corpus(random, 1).front();
    case Medium::kVideo:
      return world::video_corpus(random, 1).front();
    case Medium::kAudio:
      break;
  }
  return world::audio_corpus(random, 1).front();
}

Medium random_medium(PythonRandom& random) {
  return kMedia[random.randrange(3)];
}

}  // namespace epalm::train
