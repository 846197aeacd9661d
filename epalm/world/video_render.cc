#include "epalm/world/video_render.h"

#include <algorithm>
#include <numeric>

#include "epalm/base/error.h"
#include "epalm/world/canvas.h"

namespace epalm::world {

Object object_at(const VideoScene& scene, int frame, int frames) {
  const int events = static_cast<int>(scene.events.size());
  const int which = frame * events / frames;
  const auto first_frame_of = [&](int event) { return (event * frames + events - 1) / events; };
  const int step = frame - first_frame_of(which);
  const int steps = first_frame_of(which + 1) - first_frame_of(which) - 1;
  const Event& event = scene.events[static_cast<size_t>(which)];
  Object seen = event.from;
  for (const auto part : {&Object::x_permille, &Object::y_permille, &Object::radius_permille}) {
    seen.*part += (event.to.*part - event.from.*part) * step / steps;
  }
  return seen;
}

std::vector<media::Image> render(const VideoScene& scene, const ClipSize& size, PythonRandom& noise) {
  std::vector<int> all(static_cast<size_t>(std::max(size.frames, 0)));
  std::iota(all.begin(), all.end(), 0);
  return render(scene, size, all, noise);
}

std::vector<media::Image> render(const VideoScene& scene, const ClipSize& size, std::span<const int> frames,
                                 PythonRandom& noise) {
  require(size.size_px >= 16 && size.size_px <= 1024 && size.frames >= 2 * kMaxItems && size.frames <= 1024,
          "render: expected 16 to 1024 pixels and {} to 1024 frames, got {} and {}", 2 * kMaxItems, size.size_px,
          size.frames);
  const Canvas ground(scene.background, size.size_px, noise);
  const uint64_t seed = noise.getrandbits(64);
  std::vector<media::Image> clip;
  for (const int frame : frames) {
    require(frame >= 0 && frame < size.frames, "render: expected frames from 0 to {}, got {}", size.frames - 1, frame);
    Canvas canvas = ground;
    canvas.paint(object_at(scene, frame, size.frames));
    PythonRandom frame_noise(seed ^ static_cast<uint64_t>(frame));
    clip.push_back(canvas.picture(scene.background.noise, frame_noise));
  }
  return clip;
}

}  // namespace epalm::world
