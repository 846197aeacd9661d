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
using world::Split;

// sample_at(index): the samples behind the test set, in order. seed: of the wording.
template <typename SampleAt>
std::vector<ReadingTest> tests_of(int count, uint64_t seed, SampleAt sample_at) {
  PythonRandom random(seed);
  std::vector<ReadingTest> tests;
  for (int i = 0; i < count; ++i) {
    const auto sample = sample_at(i);
    ReadingTest test{world::describe(sample.scene, random), {}};
    for (const auto& asked : sample.questions) test.questions.push_back(asked.question);
    tests.push_back(std::move(test));
  }
  return tests;
}

std::vector<ReadingTest> picture_tests(const world::WorldOptions& world) {
  return tests_of(world.test_images, world.seed, [&](int i) {
    return world::make_sample(world.seed, Split::kTest, i, {world.image_size_px, world.captions, world.test_questions});
  });
}

std::vector<ReadingTest> clip_tests(const world::VideoWorldOptions& world) {
  return tests_of(world.clips.test, world.seed, [&](int i) {
    return world::make_video_sample(world.seed, Split::kTest, i,
                                    {{world.size_px, world.frames}, world.clips.captions, world.clips.test_questions});
  });
}

std::vector<ReadingTest> recording_tests(const world::AudioWorldOptions& world) {
  return tests_of(world.clips.test, world.seed, [&](int i) {
    return world::make_audio_sample(world.seed, Split::kTest, i, {world.clips.captions, world.clips.test_questions});
  });
}

}  // namespace

std::optional<double> text_ceiling_on_test(const infer::Bundle& bundle, const DemoOptions& options) {
  const auto ceiling = [&](const std::vector<ReadingTest>& tests) {
    return train::text_ceiling(bundle.model.lm(), bundle.tokenizer, tests).accuracy;
  };
  if (infer::is_caption(bundle.config.task)) return {};
  switch (infer::modality_of(bundle.config.task)) {
    case infer::Modality::kImage:
      return ceiling(picture_tests(options.images));
    case infer::Modality::kVideo:
      return ceiling(clip_tests(options.videos));
    case infer::Modality::kAudio:
      return ceiling(recording_tests(options.sounds));
  }
  fail("unknown modality");
}

}  // namespace epalm::demo
