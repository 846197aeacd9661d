#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "epalm/media/image.h"
#include "epalm/media/waveform.h"
#include "epalm/world/audio_scene.h"
#include "epalm/world/sample.h"
#include "epalm/world/video_render.h"
#include "epalm/world/video_scene.h"

namespace epalm::world {

// One clip of the world with everything said about it.
struct VideoSample {
  VideoScene scene;
  std::vector<media::Image> frames;
  std::vector<std::string> captions;
  std::vector<AnsweredQuestion> questions;
};

// One recording of the world with everything said about it.
struct AudioSample {
  AudioScene scene;
  media::Waveform sound;
  std::vector<std::string> captions;
  std::vector<AnsweredQuestion> questions;
};

struct VideoSampleOptions {
  ClipSize size;
  int captions = 5;
  int questions = 6;  // at most; a scene with few unambiguous things has fewer
};

struct AudioSampleOptions {
  int captions = 5;
  int questions = 6;
};

// As make_sample: they depend on their arguments alone, and scene and medium do not depend on how many captions and
// questions are asked for. Throw Error for a negative index or count.
VideoSample make_video_sample(uint64_t seed, Split split, int64_t index, const VideoSampleOptions& options = {});
AudioSample make_audio_sample(uint64_t seed, Split split, int64_t index, const AudioSampleOptions& options = {});

}  // namespace epalm::world
