#include "epalm/report/spectrogram.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "epalm/base/error.h"

namespace epalm::report {
namespace {

constexpr float kRange = 13.8155F;  // 60 dB of energy in natural logarithms: 6 ln 10
constexpr int kSteps = 32;

// From black over violet and orange to pale yellow: brightness rises evenly, so it reads in print and to the
// colour-blind.
constexpr std::array<std::array<int, 3>, 9> kColours = {{{0, 0, 4},
                                                         {28, 16, 68},
                                                         {79, 18, 123},
                                                         {129, 37, 129},
                                                         {181, 54, 122},
                                                         {229, 80, 100},
                                                         {251, 135, 97},
                                                         {254, 194, 135},
                                                         {252, 253, 191}}};

std::array<uint8_t, 3> colour_of(int step) {
  const double at = static_cast<double>(step) / (kSteps - 1) * (kColours.size() - 1);
  const size_t low = std::min(static_cast<size_t>(at), kColours.size() - 2);
  std::array<uint8_t, 3> colour{};
  for (size_t c = 0; c < 3; ++c) {
    const double value = kColours[low][c] + (at - static_cast<double>(low)) * (kColours[low + 1][c] - kColours[low][c]);
    colour[c] = static_cast<uint8_t>(std::lround(value));
  }
  return colour;
}

}  // namespace

Pixels spectrogram_pixels(std::span<const float> log_energies, int frames, int bins) {
  require(frames >= 1 && bins >= 1 && log_energies.size() == static_cast<size_t>(frames) * static_cast<size_t>(bins),
          "report: a spectrogram of {} frames of {} bins, got {} values", frames, bins, log_energies.size());
  std::array<std::array<uint8_t, 3>, kSteps> palette{};
  for (int step = 0; step < kSteps; ++step) palette[static_cast<size_t>(step)] = colour_of(step);
  float loudest = -INFINITY;
  for (const float value : log_energies) {
    if (std::isfinite(value)) loudest = std::max(loudest, value);
  }
  Pixels picture{frames, bins, {}};
  picture.rgb.reserve(log_energies.size() * 3);
  for (int row = 0; row < bins; ++row) {
    for (int frame = 0; frame < frames; ++frame) {
      const float value =
          log_energies[static_cast<size_t>(frame) * static_cast<size_t>(bins) + static_cast<size_t>(bins - 1 - row)];
      const float share = std::isfinite(value) ? std::max(0.0F, 1 + (value - loudest) / kRange) : 0;
      const auto& colour = palette[static_cast<size_t>(std::lround(share * (kSteps - 1)))];
      picture.rgb.insert(picture.rgb.end(), colour.begin(), colour.end());
    }
  }
  return picture;
}

}  // namespace epalm::report
