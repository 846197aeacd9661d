#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "epalm/world/annotators.h"
#include "epalm/world/questions.h"
#include "epalm/world/sample_stream.h"

namespace epalm::world {

// A question together with what kAnnotators people answered.
struct AnsweredQuestion {
  Question question;
  std::vector<std::string> answers;
};

// A scene with everything said about it: a sample without its picture, clip or recording.
template <typename Scene>
struct Told {
  Scene scene;
  std::vector<std::string> captions;
  std::vector<AnsweredQuestion> questions;
};

struct ToldOptions {
  int captions = 5;
  int questions = 6;  // at most; a scene with few unambiguous things has fewer
};

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

// draw: of the scene, from the numbers of `scene_stream`; the words come from those of `words_stream`. Throws Error for
// a negative index or count.
template <typename DrawScene>
auto told(uint64_t seed, Split split, int64_t index, const ToldOptions& options, DrawScene draw, Stream scene_stream,
          Stream words_stream) {
  check_counts("a sample of the tiny world", index, options.captions, options.questions);
  PythonRandom scene_random = stream(seed, split, index, scene_stream);
  PythonRandom words_random = stream(seed, split, index, words_stream);
  Told<decltype(draw(scene_random, split))> result{draw(scene_random, split), {}, {}};
  result.captions = captions(result.scene, words_random, options.captions);
  result.questions = answered_questions(result.scene, words_random, options.questions);
  return result;
}

}  // namespace epalm::world
