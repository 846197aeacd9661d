#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace epalm::media {

// Sound at one rate. samples: [channels,length], full scale 1.
struct Waveform {
  int sample_rate_hz = 0;
  int channels = 0;
  std::vector<float> samples;

  int64_t length() const { return channels == 0 ? 0 : static_cast<int64_t>(samples.size()) / channels; }
  double duration_s() const {
    return sample_rate_hz == 0 ? 0 : static_cast<double>(length()) / static_cast<double>(sample_rate_hz);
  }
  std::span<const float> channel(int c) const {
    const auto n = static_cast<size_t>(length());
    return std::span(samples).subspan(static_cast<size_t>(c) * n, n);
  }
};

}  // namespace epalm::media
