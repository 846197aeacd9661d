#include "epalm/world/sample.h"

#include <algorithm>

#include "epalm/base/error.h"
#include "epalm/world/annotators.h"
#include "epalm/world/describe.h"
#include "epalm/world/render.h"

namespace epalm::world {
namespace {

// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014): neighbouring numbers get unrelated images.
uint64_t mixed(uint64_t value) {
  value += 0x9e3779b97f4a7c15U;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31);
}

enum class Stream : uint64_t { kScene, kPicture, kWords };

PythonRandom stream(uint64_t seed, Split split, int64_t index, Stream purpose) {
  const uint64_t place = mixed(mixed(seed) + static_cast<uint64_t>(split)) + static_cast<uint64_t>(index);
  return PythonRandom(mixed(mixed(place) + static_cast<uint64_t>(purpose)));
}

}  // namespace

Sample make_sample(uint64_t seed, Split split, int64_t index, const SampleOptions& options) {
  require(index >= 0 && options.captions >= 0 && options.questions >= 0,
          "make_sample: expected an index and counts of 0 or more, got index {}, {} captions, {} questions", index,
          options.captions, options.questions);
  Sample sample;
  PythonRandom scene_random = stream(seed, split, index, Stream::kScene);
  PythonRandom picture_random = stream(seed, split, index, Stream::kPicture);
  PythonRandom words_random = stream(seed, split, index, Stream::kWords);
  sample.scene = random_scene(scene_random, split);
  sample.image = render(sample.scene, options.image_size_px, picture_random);
  sample.captions = captions(sample.scene, words_random, options.captions);
  std::vector<Question> asked = questions(sample.scene, words_random);
  asked.resize(std::min(asked.size(), static_cast<size_t>(options.questions)));
  for (Question& question : asked) {
    std::vector<std::string> answers = annotators(question, words_random);
    sample.questions.push_back({std::move(question), std::move(answers)});
  }
  return sample;
}

}  // namespace epalm::world
