#include "epalm/world/sample.h"

#include "epalm/world/describe.h"
#include "epalm/world/render.h"

namespace epalm::world {

Told<Scene> tell_scene(uint64_t seed, Split split, int64_t index, const ToldOptions& options) {
  return told(seed, split, index, options, random_scene, Stream::kScene, Stream::kWords);
}

Sample make_sample(uint64_t seed, Split split, int64_t index, const SampleOptions& options) {
  Sample sample{tell_scene(seed, split, index, options), {}};
  PythonRandom random = stream(seed, split, index, Stream::kPicture);
  sample.image = render(sample.scene, options.image_size_px, random);
  return sample;
}

}  // namespace epalm::world
