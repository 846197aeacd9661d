#pragma once

#include <string>
#include <vector>

#include "epalm/base/python_random.h"
#include "epalm/world/annotators.h"
#include "epalm/world/document.h"
#include "epalm/world/words.h"

namespace epalm::world {

// document() of any scene that has describe() and questions().
template <typename Scene>
Document document_of(const Scene& scene, PythonRandom& random) {
  Document result;
  result.description = describe(scene, random);
  for (const Question& asked : questions(scene, random)) result.question_answers.emplace_back(asked.text, asked.answer);
  return result;
}

// "violet is another word for purple."
inline std::string synonym_fact(Medium medium, PythonRandom& random) {
  const auto pairs = synonyms(medium);
  const auto& [word, synonym] = random.choice(pairs);
  return synonym + pick(random, {" is another word for ", " means "}) + word + ".";
}

// Facts (one in four) and captions of the scenes that `scene` draws.
template <typename Fact, typename DrawScene>
std::vector<std::string> corpus_of(PythonRandom& random, int count, Fact fact, DrawScene scene) {
  std::vector<std::string> texts;
  for (int i = 0; i < count; ++i) {
    texts.push_back(random.randrange(4) == 0 ? fact(random)
                                             : captions(scene(random, Split::kTrain), random, 1).front());
  }
  return texts;
}

}  // namespace epalm::world
