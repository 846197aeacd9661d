#include "epalm/demo/reading.h"

#include "epalm/base/error.h"
#include "epalm/train/reading.h"
#include "epalm/world/audio_describe.h"
#include "epalm/world/clip_sample.h"
#include "epalm/world/describe.h"
#include "epalm/world/sample.h"
#include "epalm/world/video_describe.h"

namespace epalm::demo {
namespace {

using train::ReadingTest;

// tell: the samples behind the test set of the world made with `seed`, which draws the descriptions' wording too.
template <typename Tell>
std::vector<ReadingTest> tests_of(int count, uint64_t seed, const world::ToldOptions& told, Tell tell) {
  PythonRandom random(seed);
  std::vector<ReadingTest> tests;
  for (int i = 0; i < count; ++i) {
    const auto sample = tell(seed, world::Split::kTest, i, told);
    ReadingTest test{world::describe(sample.scene, random), {}};
    for (const auto& asked : sample.questions) test.questions.push_back(asked.question);
    tests.push_back(std::move(test));
  }
  return tests;
}

std::vector<ReadingTest> tests_of(infer::Modality modality, const DemoOptions& options) {
  const auto of_clips = [](const auto& world, auto tell) {
    return tests_of(world.clips.test, world.seed, {world.clips.captions, world.clips.test_questions}, tell);
  };
  switch (modality) {
    case infer::Modality::kImage: {
      const world::WorldOptions& world = options.images;
      return tests_of(world.test_images, world.seed, {world.captions, world.test_questions}, world::tell_scene);
    }
    case infer::Modality::kVideo:
      return of_clips(options.videos, world::tell_video_scene);
    case infer::Modality::kAudio:
      return of_clips(options.sounds, world::tell_audio_scene);
  }
  fail("unknown modality");
}

}  // namespace

std::optional<double> text_ceiling_on_test(const infer::Bundle& bundle, const DemoOptions& options) {
  if (infer::is_caption(bundle.config.task)) return {};
  const auto tests = tests_of(infer::modality_of(bundle.config.task), options);
  return train::text_ceiling(bundle.model.lm(), bundle.tokenizer, tests).accuracy;
}

}  // namespace epalm::demo
