#include "epalm/world/clip_sample.h"

#include "epalm/world/audio_describe.h"
#include "epalm/world/audio_questions.h"
#include "epalm/world/audio_synth.h"
#include "epalm/world/video_describe.h"
#include "epalm/world/video_questions.h"

namespace epalm::world {

Told<VideoScene> tell_video_scene(uint64_t seed, Split split, int64_t index, const ToldOptions& options) {
  return told(seed, split, index, options, random_video_scene, Stream::kVideoScene, Stream::kVideoWords);
}

Told<AudioScene> tell_audio_scene(uint64_t seed, Split split, int64_t index, const ToldOptions& options) {
  return told(seed, split, index, options, random_audio_scene, Stream::kAudioScene, Stream::kAudioWords);
}

VideoSample make_video_sample(uint64_t seed, Split split, int64_t index, const VideoSampleOptions& options) {
  VideoSample sample{tell_video_scene(seed, split, index, options), {}};
  PythonRandom random = stream(seed, split, index, Stream::kVideoPicture);
  sample.frames = render(sample.scene, options.size, random);
  return sample;
}

AudioSample make_audio_sample(uint64_t seed, Split split, int64_t index, const ToldOptions& options) {
  AudioSample sample{tell_audio_scene(seed, split, index, options), {}};
  PythonRandom random = stream(seed, split, index, Stream::kAudioSound);
  sample.sound = synthesize(sample.scene, random);
  return sample;
}

}  // namespace epalm::world
