#include "epalm/world/audio_synth.h"

#include <gtest/gtest.h>

#include <cmath>

#include "epalm/base/error.h"
#include "tests/world/audio_sample_solver.h"

namespace epalm::world {
namespace {

AudioScene scene_of(int kind, int frequency_hz, int level_permille) {
  AudioScene scene;
  scene.sounds.resize(1);
  scene.sounds[0].kind = kind;
  scene.sounds[0].frequency_hz = frequency_hz;
  scene.sounds[0].level_permille = level_permille;
  scene.sounds[0].start_ms = 100;
  scene.sounds[0].duration_ms = 600;
  return scene;
}

TEST(Synthesize, MakesMonoSamplesOfSixteenBitsBelowFullScale) {
  PythonRandom random(1);
  for (int i = 0; i < 200; ++i) {
    const media::Waveform sound = synthesize(random_audio_scene(random, Split::kTest), random);
    EXPECT_EQ(sound.sample_rate_hz, kSampleRateHz);
    EXPECT_EQ(sound.channels, 1);
    ASSERT_EQ(sound.length(), int64_t{kSampleRateHz} * kClipMs / 1000);
    for (const float sample : sound.samples) {
      ASSERT_LT(std::abs(sample), 0.999F);
      ASSERT_EQ(sample * 32768.0F, std::round(sample * 32768.0F));
    }
  }
}

TEST(Synthesize, GivesEveryKindItsLevel) {
  for (int kind = 0; kind < kSoundKindCount; ++kind) {
    PythonRandom noise(2);
    const media::Waveform sound = synthesize(scene_of(kind, 1100, 150), noise);
    double energy = 0.0;
    for (const float sample : sound.samples) energy += static_cast<double>(sample) * sample;
    const double rms = std::sqrt(energy / (0.6 * kSampleRateHz));
    if (kind == kClick) {
      // 3.5 level of amplitude, energy 3.5^2 / 4 times the ring of 6 ms in every 70 ms: 0.512, and some half pings.
      EXPECT_NEAR(rms, 0.512 * 0.150, 0.03 * 0.150);
    } else if (kind == kNoise) {
      EXPECT_NEAR(rms, 0.150, 0.2 * 0.150) << "60 sines with chance phases beat within 0.6 s";
    } else {
      // The fades of 8 ms at both ends take 5/8 of their energy: 1.7 % of it, 0.8 % of the level.
      EXPECT_NEAR(rms, 0.150, 0.015 * 0.150) << kSoundKinds[static_cast<size_t>(kind)];
    }
  }
}

// The ceiling of every ear: what a listener of a hundred lines tells right.
TEST(Synthesize, MakesSoundsThatCanBeToldApart) {
  PythonRandom random(3);
  int sounds = 0;
  HeardSound wrong{};
  for (int i = 0; i < 300; ++i) {
    const AudioScene scene = random_audio_scene(random, i % 2 == 0 ? Split::kTrain : Split::kTest);
    const std::vector<HeardSound> heard = AudioSampleSolver(synthesize(scene, random)).sounds();
    ASSERT_EQ(heard.size(), scene.sounds.size()) << "recording " << i;
    for (size_t s = 0; s < heard.size(); ++s) {
      ++sounds;
      wrong.kind += heard[s].kind != scene.sounds[s].kind ? 1 : 0;
      wrong.pitch += heard[s].pitch != scene.sounds[s].pitch ? 1 : 0;
      wrong.loudness += heard[s].loudness != scene.sounds[s].loudness ? 1 : 0;
      wrong.length += heard[s].length != scene.sounds[s].length ? 1 : 0;
    }
  }
  EXPECT_GT(sounds, 500);
  EXPECT_EQ(wrong.length, 0);
  EXPECT_EQ(wrong.loudness, 0);
  EXPECT_EQ(wrong.pitch, 0);
  EXPECT_LE(wrong.kind, sounds / 100) << "what sounds alike in a short low sound";
}

TEST(Synthesize, RepeatsItselfForTheSameSeed) {
  const AudioScene scene = scene_of(kNoise, 400, 30);
  PythonRandom first(4);
  PythonRandom second(4);
  const std::vector<float> samples = synthesize(scene, first).samples;
  EXPECT_EQ(samples, synthesize(scene, second).samples);
  EXPECT_NE(samples, synthesize(scene, second).samples);
}

TEST(Synthesize, RejectsSoundsThatDoNotFit) {
  PythonRandom noise(5);
  AudioScene scene = scene_of(kBeep, 400, 30);
  scene.sounds[0].duration_ms = kClipMs;
  EXPECT_THROW(synthesize(scene, noise), Error);
  scene = scene_of(kSoundKindCount, 400, 30);
  EXPECT_THROW(synthesize(scene, noise), Error);
}

}  // namespace
}  // namespace epalm::world
