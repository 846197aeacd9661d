#pragma once

#include <string>
#include <vector>

#include "epalm/report/embedded.h"

namespace epalm::report {

// A recording to be looked at and listened to.
struct Sound {
  std::vector<float> samples = {};  // one channel, full scale 1; not finite ones count as silence
  int sample_rate_hz = 0;
  double full_scale = 1;      // the sample that reaches the edge of the waveform; above 0
  Embedded spectrogram = {};  // its picture over the same time, frequency upwards on the mel scale; no bytes: none
  double low_hz = 20, high_hz = 8000;  // what its lower and upper edge stand for
  Embedded file = {};                  // for the player; no bytes: none
};

// The waveform over the spectrogram on one axis of time, as inline SVG. spoken: for those who cannot see it; what:
// names the recording in errors. Throws Error for samples without a rate and for no full scale.
std::string sound_chart(const Sound& sound, const std::string& spoken, const std::string& what);

}  // namespace epalm::report
