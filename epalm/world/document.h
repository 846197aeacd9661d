#pragma once

#include <string>
#include <utility>
#include <vector>

#include "epalm/base/python_random.h"
#include "epalm/world/scene.h"

namespace epalm::world {

// A scene in words alone, for a language model that sees no picture.
struct Document {
  std::string description;                                            // complete and true
  std::vector<std::pair<std::string, std::string>> question_answers;  // all of questions(), without the question mark
};

Document document(const Scene& scene, PythonRandom& random);

// Plain sentences about train scenes and shapes: captions, facts, small stories. One text an entry, lower case.
std::vector<std::string> corpus(PythonRandom& random, int count);

}  // namespace epalm::world
