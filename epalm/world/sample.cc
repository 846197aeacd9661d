#include "epalm/world/sample.h"

#include "epalm/world/answered_questions.h"
#include "epalm/world/describe.h"
#include "epalm/world/render.h"
#include "epalm/world/sample_stream.h"

namespace epalm::world {
Sample make_sample(uint64_t seed, Split split, int64_t index, const SampleOptions& options) {
  check_counts("make_sample", index, options.captions, options.questions);
  Sample sample;
  PythonRandom scene_random = stream(seed, split, index, Stream::kScene);
  PythonRandom picture_random = stream(seed, split, index, Stream::kPicture);
  PythonRandom words_random = stream(seed, split, index, Stream::kWords);
  sample.scene = random_scene(scene_random, split);
  sample.image = render(sample.scene, options.image_size_px, picture_random);
  sample.captions = captions(sample.scene, words_random, options.captions);
  sample.questions = answered_questions(sample.scene, words_random, options.questions);
  return sample;
}

}  // namespace epalm::world
