#pragma once

#include <string>
#include <vector>

#include "epalm/base/python_random.h"
#include "epalm/world/scene.h"

namespace epalm::world {

struct Question {
  std::string text;           // without the question mark
  std::string answer;         // "yes", "no", "0".."3", a colour, a shape, a size or a place
  std::string answer_type;    // "yes/no", "number" or "other", as in VQAv2
  std::string question_type;  // the kind, the same for all its wordings: "what colour is the"
};

// One question of every kind that has a single true answer in this scene, in random order.
//
// The words of a question tell nothing about its answer: for yes/no the polarity is drawn first, and a "no" differs
// from the truth in one attribute.
std::vector<Question> questions(const Scene& scene, PythonRandom& random);

}  // namespace epalm::world
