#include "epalm/world/clip_sample.h"

#include "epalm/world/answered_questions.h"
#include "epalm/world/audio_describe.h"
#include "epalm/world/audio_questions.h"
#include "epalm/world/audio_synth.h"
#include "epalm/world/sample_stream.h"
#include "epalm/world/video_describe.h"
#include "epalm/world/video_questions.h"

namespace epalm::world {
VideoSample make_video_sample(uint64_t seed, Split split, int64_t index, const VideoSampleOptions& options) {
  check_counts("make_video_sample", index, options.captions, options.questions);
  VideoSample sample;
  PythonRandom scene_random = stream(seed, split, index, Stream::kVideoScene);
  PythonRandom picture_random = stream(seed, split, index, Stream::kVideoPicture);
  PythonRandom words_random = stream(seed, split, index, Stream::kVideoWords);
  sample.scene = random_video_scene(scene_random, split);
  sample.frames = render(sample.scene, options.size, picture_random);
  sample.captions = captions(sample.scene, words_random, options.captions);
  sample.questions = answered_questions(sample.scene, words_random, options.questions);
  return sample;
}

AudioSample make_audio_sample(uint64_t seed, Split split, int64_t index, const AudioSampleOptions& options) {
  check_counts("make_audio_sample", index, options.captions, options.questions);
  AudioSample sample;
  PythonRandom scene_random = stream(seed, split, index, Stream::kAudioScene);
  PythonRandom sound_random = stream(seed, split, index, Stream::kAudioSound);
  PythonRandom words_random = stream(seed, split, index, Stream::kAudioWords);
  sample.scene = random_audio_scene(scene_random, split);
  sample.sound = synthesize(sample.scene, sound_random);
  sample.captions = captions(sample.scene, words_random, options.captions);
  sample.questions = answered_questions(sample.scene, words_random, options.questions);
  return sample;
}

}  // namespace epalm::world
