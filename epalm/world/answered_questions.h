#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "epalm/world/annotators.h"
#include "epalm/world/sample.h"

namespace epalm::world {

// The first `limit` of questions(), each with what the annotators answered.
template <typename Scene>
std::vector<AnsweredQuestion> answered_questions(const Scene& scene, PythonRandom& random, int limit) {
  std::vector<Question> asked = questions(scene, random);
  asked.resize(std::min(asked.size(), static_cast<size_t>(limit)));
  std::vector<AnsweredQuestion> answered;
  for (Question& question : asked) {
    std::vector<std::string> answers = annotators(question, random);
    answered.push_back({std::move(question), std::move(answers)});
  }
  return answered;
}

}  // namespace epalm::world
