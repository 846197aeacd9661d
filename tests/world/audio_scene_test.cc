#include "epalm/world/audio_scene.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>
#include <tuple>

namespace epalm::world {
namespace {

TEST(HeldOutSound, TakesOneKindOfEachPitchLoudnessAndLengthAndLeavesEveryThreeOfTheFour) {
  std::map<int, int> kinds;
  std::map<std::pair<int, int>, int> kind_pitch;
  std::map<std::pair<int, int>, int> kind_loudness;
  std::map<std::pair<int, int>, int> kind_length;
  std::map<std::tuple<int, int, int>, int> others;
  for (Sound sound; sound.kind < kSoundKindCount; ++sound.kind) {
    for (sound.pitch = 0; sound.pitch < kPitchCount; ++sound.pitch) {
      for (sound.loudness = 0; sound.loudness < kLoudnessCount; ++sound.loudness) {
        for (sound.length = 0; sound.length < kLengthCount; ++sound.length) {
          if (!is_held_out(sound)) continue;
          ++kinds[sound.kind];
          ++kind_pitch[{sound.kind, sound.pitch}];
          ++kind_loudness[{sound.kind, sound.loudness}];
          ++kind_length[{sound.kind, sound.length}];
          ++others[{sound.pitch, sound.loudness, sound.length}];
        }
      }
    }
  }
  EXPECT_EQ(others.size(), 12U);  // so each of them once
  EXPECT_EQ(kinds.size(), 6U);
  for (const auto& [kind, count] : kinds) EXPECT_EQ(count, 2);
  // The two of a kind differ in everything: any three of the four keep a value for the fourth to take.
  for (const auto* pairs : {&kind_pitch, &kind_loudness, &kind_length}) {
    for (const auto& [pair, count] : *pairs) EXPECT_EQ(count, 1);
  }
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
  std::map<std::tuple<int, int, int, int>, int> combinations;
  int sounds = 0;
  for (int i = 0; i < 40'000; ++i) {
    for (const Sound& sound : random_audio_scene(random, Split::kTrain).sounds) {
      ++combinations[{sound.kind, sound.pitch, sound.loudness, sound.length}];
      ++sounds;
    }
  }
  EXPECT_EQ(combinations.size(), 60U);
  // 1/60 each, about 1200 sounds: five deviations are 0.15; rejecting scenes moves the shares by less than another 0.1.
  for (const auto& [combination, count] : combinations) EXPECT_NEAR(count * 60.0 / sounds, 1.0, 0.25);
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
