#pragma once

#include "epalm/base/python_random.h"
#include "epalm/media/waveform.h"
#include "epalm/world/audio_scene.h"

namespace epalm::world {

inline constexpr int kSampleRateHz = 16'000;

// The recording: kClipMs of mono sound, every sample a multiple of 1/32768 in [-1,1), so that a file of 16 bits keeps
// it. noise draws the hiss and the phases. Mathematics libraries that differ in their last bits may differ in the last
// bit of a rare sample.
media::Waveform synthesize(const AudioScene& scene, PythonRandom& noise);

}  // namespace epalm::world
