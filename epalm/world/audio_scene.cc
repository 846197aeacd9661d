#include "epalm/world/audio_scene.h"

#include <algorithm>

#include "epalm/world/draws.h"

namespace epalm::world {
namespace {

// Apart by more than the widest sound, a chord from 2/3 to 4/3 of its pitch.
constexpr std::array<int, kPitchCount> kFrequencyHz = {400, 1100, 3000};

std::vector<Sound> draw_sounds(PythonRandom& random) {
  const int count = draw_count(random);
  const std::vector<int> kinds = draw_values(random, count, kSoundKindCount, count > 1 && chance(random, 25));
  std::vector<Sound> sounds(static_cast<size_t>(count));
  for (size_t i = 0; i < sounds.size(); ++i) {
    sounds[i].kind = kinds[i];
    sounds[i].pitch = draw(random, kPitchCount);
    sounds[i].loudness = draw(random, kLoudnessCount);
    sounds[i].length = draw(random, kLengthCount);
  }
  return sounds;
}

// The longest three sounds end after 150 + 3 * 650 + 2 * 150 = 2400 ms of kClipMs.
void draw_details(PythonRandom& random, std::vector<Sound>& sounds) {
  int now_ms = between(random, 50, 150);
  for (Sound& sound : sounds) {
    sound.start_ms = now_ms;
    sound.duration_ms = sound.length == kLong ? between(random, 550, 650) : between(random, 200, 260);
    now_ms += sound.duration_ms + between(random, 80, 150);
    sound.frequency_hz = kFrequencyHz.at(static_cast<size_t>(sound.pitch)) * between(random, 940, 1060) / 1000;
    // Louder by 13.6 dB, each 2 dB up or down; a noise has peaks of five times its level.
    sound.level_permille = sound.loudness == kLoud ? between(random, 115, 185) : between(random, 24, 39);
  }
}

}  // namespace

bool is_held_out(const Sound& sound) {
  return sound.kind == (2 * sound.pitch + sound.loudness + 3 * sound.length) % kSoundKindCount;
}

bool has_held_out(const AudioScene& scene) {
  return std::any_of(scene.sounds.begin(), scene.sounds.end(), [](const Sound& sound) { return is_held_out(sound); });
}

AudioScene random_audio_scene(PythonRandom& random, Split split) {
  AudioScene scene;
  do {
    scene.sounds = draw_sounds(random);
  } while (has_held_out(scene) != (split == Split::kTest));
  draw_details(random, scene.sounds);
  scene.hiss_per_100k = between(random, 30, 120);
  return scene;
}

}  // namespace epalm::world
