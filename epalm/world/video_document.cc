#include "epalm/world/video_document.h"

#include "epalm/world/telling.h"
#include "epalm/world/video_describe.h"
#include "epalm/world/video_questions.h"

namespace epalm::world {
namespace {

std::string video_fact(PythonRandom& random) {
  if (coin(random)) return synonym_fact(Medium::kVideo, random);
  return pick(random,
              {"a shape that grows is small and then big.", "a shape that shrinks is big and then small.",
               "a shape that moves left is right and then left.", "a shape that moves right is left and then right.",
               "a shape that moves up is at the bottom and then at the top.",
               "a shape that moves down is at the top and then at the bottom.", "first comes before second.",
               "second comes before third.", "second comes after first.", "third comes after second.",
               "up is not down.", "left is not right."});
}

}  // namespace

Document document(const VideoScene& scene, PythonRandom& random) {
  return document_of(scene, random);
}

std::vector<std::string> video_corpus(PythonRandom& random, int count) {
  return corpus_of(random, count, video_fact, random_video_scene);
}

}  // namespace epalm::world
