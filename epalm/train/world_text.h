#pragma once

#include <string>

#include "epalm/world/annotators.h"
#include "epalm/world/audio_scene.h"
#include "epalm/world/document.h"
#include "epalm/world/scene.h"
#include "epalm/world/video_scene.h"

namespace epalm::train {

// use(scene) for a random scene of the medium, whose type is the medium's own.
template <typename Use>
auto with_random_scene(world::Medium medium, world::Split split, PythonRandom& random, Use use) {
  switch (medium) {
    case world::Medium::kImage:
      return use(world::random_scene(random, split));
    case world::Medium::kVideo:
      return use(world::random_video_scene(random, split));
    case world::Medium::kAudio:
      break;
  }
  return use(world::random_audio_scene(random, split));
}

// One text of the tiny world about a train scene of the medium, as the language model and its tokenizer learn from it.
world::Document random_document(world::Medium medium, PythonRandom& random);  // description, questions, answers
std::string random_sentence(world::Medium medium, PythonRandom& random);      // a fact or a caption

inline constexpr world::Medium kMedia[] = {world::Medium::kImage, world::Medium::kVideo, world::Medium::kAudio};

// Each medium equally often.
world::Medium random_medium(PythonRandom& random);

}  // namespace epalm::train
