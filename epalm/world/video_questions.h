#pragma once

#include <vector>

#include "epalm/base/python_random.h"
#include "epalm/world/questions.h"
#include "epalm/world/video_scene.h"

namespace epalm::world {

// As questions() about a picture: one of every kind that has a single true answer, in random order, and nothing in the
// words of a question tells its answer. Answers: "yes", "no", "0".."3", a colour, a shape, an action or an ordinal.
std::vector<Question> questions(const VideoScene& scene, PythonRandom& random);

}  // namespace epalm::world
