#pragma once

#include <vector>

#include "epalm/base/python_random.h"
#include "epalm/world/audio_scene.h"
#include "epalm/world/questions.h"

namespace epalm::world {

// As questions() about a picture: one of every kind that has a single true answer, in random order, and nothing in the
// words of a question tells its answer. Answers: "yes", "no", "0".."3", a kind of sound, a pitch, a loudness, a length
// or an ordinal.
std::vector<Question> questions(const AudioScene& scene, PythonRandom& random);

}  // namespace epalm::world
