#pragma once

#include <span>
#include <vector>

#include "epalm/base/python_random.h"
#include "epalm/media/image.h"
#include "epalm/world/video_scene.h"

namespace epalm::world {

struct ClipSize {
  int size_px = 48;  // 16..1024, square
  int frames = 16;   // 2 * kMaxItems .. 1024
};

// What is seen in frame `frame` of `frames`: the event whose share of the clip it lies in, on its way from its first to
// its last state in equal steps.
Object object_at(const VideoScene& scene, int frame, int frames);

// The clip frame by frame; noise draws blotches, the same for all frames, and pixel noise, new in each. The same bytes
// on every machine. Throws Error for a size out of range.
std::vector<media::Image> render(const VideoScene& scene, const ClipSize& size, PythonRandom& noise);

// Only the frames of these indices, in their order, each as in the whole clip and at its share of the cost. Throws
// Error for an index outside the clip.
std::vector<media::Image> render(const VideoScene& scene, const ClipSize& size, std::span<const int> frames,
                                 PythonRandom& noise);

}  // namespace epalm::world
