#pragma once

#include <string>
#include <vector>

#include "epalm/base/python_random.h"
#include "epalm/world/audio_scene.h"

namespace epalm::world {

// A true and complete description in the order of the sounds: "first a loud high short beep, second …". Lower case,
// every sentence ends with a full stop.
std::string describe(const AudioScene& scene, PythonRandom& random);

// True captions of one recording, differently phrased; all name every sound in order, some omit attributes. No two are
// equal where the phrasings allow it.
std::vector<std::string> captions(const AudioScene& scene, PythonRandom& random, int count);

}  // namespace epalm::world
