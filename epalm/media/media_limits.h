#pragma once

#include <cstdint>

namespace epalm::media {

// What a video or sound file may claim or cost; beyond it, an Error. The defaults pass what cameras and the published
// data sets hold. Each number may be lowered or raised; none has a value that turns it off.
struct MediaLimits {
  int64_t max_pixels = 7680 * 4320;      // of one frame: 8K
  int64_t max_frames = 4'000'000;        // of the file: 18 hours at 60 a second; 60 bytes of index each
  double max_fps = 1000;                 // frames a second that the file claims
  int max_sample_rate_hz = 768'000;      // of sound
  int max_channels = 64;                 // of sound
  double max_duration_s = 86'400;        // that the file claims or has
  int64_t max_memory_bytes = 1LL << 30;  // of the pixels or samples that one call returns
  double max_work_s = 600;               // wall-clock seconds that opening, or one reading call, may take
};

}  // namespace epalm::media
