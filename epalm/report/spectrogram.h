#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace epalm::report {

// 8-bit RGB, rows from the top. rgb: [height,width,3].
struct Pixels {
  int width = 0, height = 0;
  std::vector<uint8_t> rgb;
};

// A spectrogram as a picture: time to the right, frequency upwards, one pixel a value. log_energies: [frames,bins],
// natural logarithms; the loudest is bright, what is 60 dB below it or fainter is black, and so are values that are not
// finite. Colours are in few steps, so that the picture packs well. Throws Error where the sizes do not fit.
Pixels spectrogram_pixels(std::span<const float> log_energies, int frames, int bins);

}  // namespace epalm::report
