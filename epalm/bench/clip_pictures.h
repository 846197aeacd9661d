#pragma once

#include <cstdint>

#include "epalm/media/image.h"

namespace epalm::bench {

// Frames to compress that are neither flat nor noise: a camera moving over a landscape of smooth random texture, with
// three discs that move on their own. Frame i depends on the size and i alone. Immutable.
class ClipPictures {
 public:
  ClipPictures(int width, int height);  // 1..8192 each
  media::Image operator()(int64_t index) const;

 private:
  int width_;
  int height_;
  media::Image landscape_;  // larger than a frame by what the camera moves
};

}  // namespace epalm::bench
