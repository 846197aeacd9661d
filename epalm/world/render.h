#pragma once

#include "epalm/base/python_random.h"
#include "epalm/media/image.h"
#include "epalm/world/scene.h"

namespace epalm::world {

// The scene as a square RGB picture, edges smoothed by 4x4 samples a pixel; noise draws blotches and pixel noise.
// Whole-number arithmetic throughout: the same scene and noise give the same bytes on every machine.
media::Image render(const Scene& scene, int size_px, PythonRandom& noise);

}  // namespace epalm::world
