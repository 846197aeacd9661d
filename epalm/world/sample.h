#pragma once

#include <cstdint>

#include "epalm/media/image.h"
#include "epalm/world/scene.h"
#include "epalm/world/told.h"

namespace epalm::world {

// One picture of the world with everything said about it.
struct Sample : Told<Scene> {
  media::Image image;
};

struct SampleOptions : ToldOptions {
  int image_size_px = 64;
};

// Depends on its arguments alone, so samples can be made in any order, in any thread and again; and the scene and the
// picture do not depend on how many captions and questions are asked for. Throws Error for a negative index or count.
Sample make_sample(uint64_t seed, Split split, int64_t index, const SampleOptions& options = {});

// The same sample without drawing the picture.
Told<Scene> tell_scene(uint64_t seed, Split split, int64_t index, const ToldOptions& options = {});

}  // namespace epalm::world
