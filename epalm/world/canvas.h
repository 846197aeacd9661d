#pragma once

#include <array>
#include <vector>

#include "epalm/base/python_random.h"
#include "epalm/media/image.h"
#include "epalm/world/scene.h"

namespace epalm::world {

// A square picture in the making. Whole-number arithmetic throughout: the same calls give the same bytes on every
// machine.
class Canvas {
 public:
  // The background without its pixel noise; noise draws the blotches.
  Canvas(const Background& background, int size_px, PythonRandom& noise);

  // Over what is there, edges smoothed by 4x4 samples a pixel.
  void paint(const Object& object);

  // With noise of at most so much on every pixel.
  media::Image picture(int largest_noise, PythonRandom& noise) const;

 private:
  using Rgb = std::array<int, 3>;

  int size_px_;
  std::vector<Rgb> pixels_;  // [size_px,size_px], 0..255 and a little beyond
};

}  // namespace epalm::world
