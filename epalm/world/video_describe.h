#pragma once

#include <string>
#include <vector>

#include "epalm/base/python_random.h"
#include "epalm/world/video_scene.h"

namespace epalm::world {

// "moves left", and the same after "does it": "move left".
std::string action_words(int action);
std::string bare_action_words(int action);

// A true and complete description in the order of the events: "first a red circle moves left, second …". Lower case,
// every sentence ends with a full stop.
std::string describe(const VideoScene& scene, PythonRandom& random);

// True captions of one clip, differently phrased; all name every shape and its colour in order, some omit the actions.
// No two are equal where the phrasings allow it.
std::vector<std::string> captions(const VideoScene& scene, PythonRandom& random, int count);

}  // namespace epalm::world
