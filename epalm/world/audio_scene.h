#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "epalm/base/python_random.h"
#include "epalm/world/scene.h"

namespace epalm::world {

inline constexpr std::array<std::string_view, 6> kSoundKinds = {"beep", "sweep", "click", "noise", "chord", "trill"};
inline constexpr std::array<std::string_view, 3> kPitches = {"low", "middle", "high"};
inline constexpr std::array<std::string_view, 2> kLoudnesses = {"quiet", "loud"};
inline constexpr std::array<std::string_view, 2> kLengths = {"short", "long"};

inline constexpr int kSoundKindCount = static_cast<int>(kSoundKinds.size());
inline constexpr int kPitchCount = static_cast<int>(kPitches.size());
inline constexpr int kLoudnessCount = static_cast<int>(kLoudnesses.size());
inline constexpr int kLengthCount = static_cast<int>(kLengths.size());
inline constexpr int kBeep = 0;
inline constexpr int kSweep = 1;
inline constexpr int kClick = 2;
inline constexpr int kNoise = 3;
inline constexpr int kChord = 4;
inline constexpr int kTrill = 5;
inline constexpr int kLoud = 1;
inline constexpr int kLong = 1;

struct Sound {
  int kind = 0;      // index into kSoundKinds
  int pitch = 0;     // index into kPitches; of a noise, its band
  int loudness = 0;  // index into kLoudnesses
  int length = 0;    // index into kLengths
  int start_ms = 0;  // from the start of the clip
  int duration_ms = 0;
  int frequency_hz = 0;    // the pitch, a little out of tune
  int level_permille = 0;  // root mean square, full scale 1000; clicks, mostly silence, have half of it
};

// Sounds in their order with short gaps, on a faint hiss.
struct AudioScene {
  std::vector<Sound> sounds;  // 1..kMaxItems
  int hiss_per_100k = 0;      // root mean square of the noise floor, full scale 100,000
};

inline const std::vector<Sound>& items(const AudioScene& scene) {
  return scene.sounds;
}

inline constexpr int kClipMs = 2500;

// The 12 of 72 combinations of kind, pitch, loudness and length that no train or val scene has: one kind for each of
// the three others. All combinations of three of the four are heard: only together are they new.
bool is_held_out(const Sound& sound);
bool has_held_out(const AudioScene& scene);

// As random_scene: train and val scenes have no held-out combination, test scenes at least one. One sound in 30 %, two
// in 40 %, three in 30 %; a quarter of the scenes with several sounds repeat a kind. Pitch, loudness and length are
// drawn for each sound alone.
AudioScene random_audio_scene(PythonRandom& random, Split split);

}  // namespace epalm::world
