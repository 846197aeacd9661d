#include "epalm/world/audio_scene.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>
#include <tuple>

namespace epalm::world {
namespace {

TEST(HeldOutSound, TakesOnePitchAndLoudnessForEachKindAndLeavesEveryPairOfTwo) {
  std::map<int, int> kinds;
  std::map<std::pair<int, int>, int> pitch_loudness;
  for (int kind = 0; kind < kSoundKindCount; ++kind) {
    for (int pitch = 0; pitch < kPitchCount; ++pitch) {
      for (int loudness = 0; loudness < kLoudnessCount; ++loudness) {
        Sound sound;
        sound.kind = kind;
        sound.pitch = pitch;
        sound.loudness = loudness;
        if (!is_held_out(sound)) continue;
        ++kinds[kind];
        ++pitch_loudness[{pitch, loudness}];
      }
    }
  }
  // One for each kind and one for each pitch and loudness: no value and no pair is missing or rarer than others.
  EXPECT_EQ(kinds.size(), 6U);
  EXPECT_EQ(pitch_loudness.size(), 6U);
  for (const auto& [kind, count] : kinds) EXPECT_EQ(count, 1);
}

class AudioSceneOfSplit : public testing::TestWithParam<Split> {};

TEST_P(AudioSceneOfSplit, HasHeldOutCombinationsInTheTestSplitOnlyAndAlwaysThere) {
  PythonRandom random(1);
  for (int i = 0; i < 5000; ++i) {
    EXPECT_EQ(has_held_out(random_audio_scene(random, GetParam())), GetParam() == Split::kTest);
  }
}

TEST_P(AudioSceneOfSplit, KeepsSoundsApartAndWithinTheClip) {
  PythonRandom random(2);
  for (int i = 0; i < 3000; ++i) {
    const AudioScene scene = random_audio_scene(random, GetParam());
    ASSERT_GE(scene.sounds.size(), 1U);
    ASSERT_LE(scene.sounds.size(), static_cast<size_t>(kMaxItems));
    int silent_from_ms = -80;
    for (const Sound& sound : scene.sounds) {
      EXPECT_GE(sound.start_ms, silent_from_ms + 80);
      silent_from_ms = sound.start_ms + sound.duration_ms;
      EXPECT_EQ(sound.duration_ms > 400, sound.length == kLong);
      EXPECT_EQ(sound.level_permille > 100, sound.loudness == kLoud);
    }
    EXPECT_LT(silent_from_ms, kClipMs);
  }
}

INSTANTIATE_TEST_SUITE_P(Splits, AudioSceneOfSplit, testing::Values(Split::kTrain, Split::kVal, Split::kTest));

TEST(RandomAudioScene, HasEveryAllowedCombinationAboutEquallyOften) {
  PythonRandom random(4);
  std::map<std::tuple<int, int, int>, int> combinations;
  int sounds = 0;
  for (int i = 0; i < 40'000; ++i) {
    for (const Sound& sound : random_audio_scene(random, Split::kTrain).sounds) {
      ++combinations[{sound.kind, sound.pitch, sound.loudness}];
      ++sounds;
    }
  }
  EXPECT_EQ(combinations.size(), 30U);
  // 1/30 each, about 2300 sounds: five deviations are 0.1; rejecting scenes moves the shares by less than another 0.1.
  for (const auto& [combination, count] : combinations) EXPECT_NEAR(count * 30.0 / sounds, 1.0, 0.2);
}

TEST(RandomAudioScene, RepeatsAKindInAMinorityOfScenes) {
  PythonRandom random(5);
  int several = 0;
  int repeating = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::vector<Sound> sounds = random_audio_scene(random, Split::kTrain).sounds;
    if (sounds.size() < 2) continue;
    ++several;
    repeating += unique_positions(sounds, &Sound::kind).size() < sounds.size() ? 1 : 0;
  }
  EXPECT_NEAR(repeating / double(several), 0.25, 0.03 + 5 * std::sqrt(0.25 * 0.75 / several));
}

}  // namespace
}  // namespace epalm::world
