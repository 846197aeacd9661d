#include "epalm/media/audio_transform.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "epalm/base/error.h"
#include "tests/media/av_samples.h"

namespace epalm::media {
namespace {

using testing::Each;
using testing::ElementsAre;

AudioFeatureConfig small_config() {
  AudioFeatureConfig config;
  config.mel_bins = 16;
  config.target_frames = 20;
  return config;
}

TEST(AudioEvalFeatures, FollowShortSoundByNormalisedZeros) {
  AudioFeatureConfig config = small_config();
  const Waveform sound = samples::tones(16'000, 1, 400 + 9 * 160);  // 10 frames
  const auto features = audio_eval_features(sound, config);
  ASSERT_EQ(features.size(), 20U * 16);
  const float zero = (0.0F - static_cast<float>(config.norm_mean)) / static_cast<float>(2 * config.norm_std);
  EXPECT_THAT(std::vector<float>(features.begin() + 10 * 16, features.end()), Each(zero));
  EXPECT_NEAR(zero, 0.467, 0.001);
  config.normalise = false;
  const auto plain = audio_eval_features(sound, config);
  EXPECT_THAT(std::vector<float>(plain.begin() + 10 * 16, plain.end()), Each(0.0F));
  EXPECT_EQ(std::vector<float>(plain.begin(), plain.begin() + 10 * 16), audio_log_mel(sound, config));
  for (size_t i = 0; i < 10 * 16; ++i) {
    EXPECT_FLOAT_EQ(features[i],
                    (plain[i] - static_cast<float>(config.norm_mean)) / static_cast<float>(2 * config.norm_std));
  }
}

TEST(AudioEvalFeatures, CutLongSound) {
  AudioFeatureConfig config = small_config();
  const Waveform sound = samples::tones(16'000, 1, 16'000);
  const auto features = audio_eval_features(sound, config);
  config.target_frames = 98;  // all there is
  const auto all = audio_eval_features(sound, config);
  EXPECT_TRUE(std::equal(features.begin(), features.end(), all.begin()));
}

TEST(AudioEvalFeatures, HearTheFirstChannelOrAll) {
  AudioFeatureConfig config = small_config();
  Waveform both{16'000, 2, {}};
  const Waveform left = samples::tones(16'000, 1, 4000);
  both.samples = left.samples;
  for (size_t i = 0; i < 4000; ++i) both.samples.push_back(-left.samples[i]);  // the mean of both is silence
  EXPECT_GT(audio_log_mel(both, config)[2], -10);
  config.channels = ChannelUse::kMean;
  EXPECT_THAT(audio_log_mel(both, config), Each(std::log(std::numeric_limits<float>::epsilon())));
}

TEST(AudioEvalFeatures, RefuseWhatCannotBe) {
  const Waveform sound = samples::tones(16'000, 1, 4000);
  const auto refused = [&](const Waveform& waveform, const std::function<void(AudioFeatureConfig&)>& change) {
    AudioFeatureConfig config = small_config();
    change(config);
    EXPECT_THROW(audio_eval_features(waveform, config), Error);
  };
  refused(sound, [](auto& c) { c.target_frames = 0; });
  refused(sound, [](auto& c) { c.mel_bins = 0; });
  refused(sound, [](auto& c) { c.norm_std = 0; });
  refused(sound, [](auto& c) { c.norm_mean = NAN; });
  refused(samples::tones(16'000, 1, 399), [](auto&) {});
  refused({16'000, 1, {}}, [](auto&) {});
  refused({16'000, 0, {}}, [](auto&) {});
  refused({16'000, 2, std::vector<float>(4001)}, [](auto&) {});
  refused({0, 1, std::vector<float>(4000)}, [](auto&) {});
  Waveform broken = sound;
  broken.samples[7] = NAN;
  refused(broken, [](auto&) {});
}

TEST(AudioTrainFeatures, AreThoseOfEvaluationWithoutMasksAndNoise) {
  AudioFeatureConfig config = small_config();
  config.max_masked_bins = 0;
  config.max_masked_frames = 0;
  const Waveform sound = samples::tones(16'000, 1, 4000);
  PythonRandom random(1);
  EXPECT_EQ(audio_train_features(sound, config, random), audio_eval_features(sound, config));
}

TEST(AudioTrainFeatures, MaskOneBandAndOneStretch) {
  AudioFeatureConfig config = small_config();
  config.normalise = false;
  config.max_masked_bins = 8;
  config.max_masked_frames = 10;
  const Waveform sound = samples::tones(16'000, 1, 16'000);
  const auto plain = audio_eval_features(sound, config);
  PythonRandom random(2);
  int masked = 0;
  for (int repeat = 0; repeat < 50; ++repeat) {
    const auto features = audio_train_features(sound, config, random);
    std::vector<bool> bins(16, true);
    std::vector<bool> frames(20, true);
    for (size_t f = 0; f < 20; ++f) {
      for (size_t b = 0; b < 16; ++b) {
        const float value = features[f * 16 + b];
        ASSERT_TRUE(value == 0 || value == plain[f * 16 + b]);
        if (value != 0) bins[b] = frames[f] = false;
        masked += value == 0;
      }
    }
    for (size_t f = 0; f < 20; ++f) {
      for (size_t b = 0; b < 16; ++b) ASSERT_EQ(features[f * 16 + b] == 0, bins[b] || frames[f]);
    }
    ASSERT_LT(std::count(bins.begin(), bins.end(), true), 8);
    ASSERT_LT(std::count(frames.begin(), frames.end(), true), 10);
  }
  EXPECT_GT(masked, 50 * 20);
  PythonRandom one(3);
  PythonRandom other(3);
  EXPECT_EQ(audio_train_features(sound, config, one), audio_train_features(sound, config, other));
}

TEST(AudioTrainFeatures, AddNoiseOfAtMostATenthAndRoll) {
  AudioFeatureConfig config = small_config();
  config.max_masked_bins = config.max_masked_frames = 0;
  config.noise = true;
  const Waveform sound = samples::tones(16'000, 1, 16'000);
  const auto plain = audio_eval_features(sound, config);
  PythonRandom random(4);
  for (int repeat = 0; repeat < 20; ++repeat) {
    const auto features = audio_train_features(sound, config, random);
    bool found = false;
    for (int shift = -10; shift < 10 && !found; ++shift) {
      std::vector<float> rolled = plain;
      roll_frames(rolled, config.mel_bins, shift);
      found = true;
      for (size_t i = 0; i < rolled.size() && found; ++i) {
        const float added = features[i] - rolled[i];
        found = added >= -1e-6F && added <= 0.1F + 1e-6F;  // rounding of values up to 8
      }
    }
    ASSERT_TRUE(found) << repeat;
  }
}

TEST(RandomMask, StaysInsideAndReachesTheEnds) {
  PythonRandom random(5);
  int widest = 0;
  int last = 0;
  int first = 100;
  for (int i = 0; i < 20'000; ++i) {
    const Mask mask = random_mask(100, 24, random);
    ASSERT_GE(mask.first, 0);
    ASSERT_LE(mask.end, 100);
    ASSERT_LE(mask.first, mask.end);
    widest = std::max(widest, mask.end - mask.first);
    last = std::max(last, mask.end);
    first = std::min(first, mask.first);
  }
  EXPECT_EQ(widest, 23);
  EXPECT_EQ(first, 0);
  EXPECT_GE(last, 99);
}

TEST(Masks, TouchNothingElse) {
  std::vector<float> features{1, 2, 3, 4, 5, 6};
  mask_bins(features, 3, {1, 2});
  EXPECT_THAT(features, ElementsAre(1, 0, 3, 4, 0, 6));
  mask_frames(features, 3, {1, 9});
  EXPECT_THAT(features, ElementsAre(1, 0, 3, 0, 0, 0));
  mask_bins(features, 3, {2, 2});
  mask_bins(features, 3, {-5, 0});
  mask_frames(features, 3, {2, 1});
  EXPECT_THAT(features, ElementsAre(1, 0, 3, 0, 0, 0));
}

TEST(RollFrames, GoesAroundTheEnd) {
  const std::vector<float> features{1, 1, 2, 2, 3, 3};
  for (const auto& [shift, expected] :
       {std::pair{1, std::vector<float>{3, 3, 1, 1, 2, 2}}, std::pair{-1, std::vector<float>{2, 2, 3, 3, 1, 1}},
        std::pair{7, std::vector<float>{3, 3, 1, 1, 2, 2}}, std::pair{0, features}}) {
    std::vector<float> rolled = features;
    roll_frames(rolled, 2, shift);
    EXPECT_EQ(rolled, expected) << shift;
  }
}

}  // namespace
}  // namespace epalm::media
