#pragma once

#include <string>
#include <vector>

#include "epalm/base/python_random.h"
#include "epalm/world/audio_scene.h"
#include "epalm/world/document.h"

namespace epalm::world {

// A recording in words alone, for a language model that hears none.
Document document(const AudioScene& scene, PythonRandom& random);

// Plain sentences about train recordings and sounds: captions and facts. One text an entry, lower case.
std::vector<std::string> audio_corpus(PythonRandom& random, int count);

}  // namespace epalm::world
