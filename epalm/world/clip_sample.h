#pragma once

#include <cstdint>
#include <vector>

#include "epalm/media/image.h"
#include "epalm/media/waveform.h"
#include "epalm/world/audio_scene.h"
#include "epalm/world/told.h"
#include "epalm/world/video_render.h"
#include "epalm/world/video_scene.h"

namespace epalm::world {

// One clip of the world with everything said about it.
struct VideoSample : Told<VideoScene> {
  std::vector<media::Image> frames;
};

// One recording of the world with everything said about it.
struct AudioSample : Told<AudioScene> {
  media::Waveform sound;
};

struct VideoSampleOptions : ToldOptions {
  ClipSize size;
};

// As make_sample and tell_scene: they depend on their arguments alone, and scene and medium do not depend on how many
// captions and questions are asked for. Throw Error for a negative index or count.
VideoSample make_video_sample(uint64_t seed, Split split, int64_t index, const VideoSampleOptions& options = {});
AudioSample make_audio_sample(uint64_t seed, Split split, int64_t index, const ToldOptions& options = {});
Told<VideoScene> tell_video_scene(uint64_t seed, Split split, int64_t index, const ToldOptions& options = {});
Told<AudioScene> tell_audio_scene(uint64_t seed, Split split, int64_t index, const ToldOptions& options = {});

}  // namespace epalm::world
