#include "epalm/media/audio_transform.h"

#include <algorithm>
#include <cmath>

#include "epalm/base/error.h"
#include "epalm/media/cascade_sum.h"
#include "epalm/media/fbank.h"

namespace epalm::media {
namespace {

constexpr int kMaxTargetFrames = 1 << 20;  // nearly three hours

void check(const Waveform& sound, const AudioFeatureConfig& config) {
  require(config.target_frames > 0 && config.target_frames <= kMaxTargetFrames,
          "audio features: expected target_frames of 1 to {}, got {}", kMaxTargetFrames, config.target_frames);
  require(std::isfinite(config.norm_mean) && std::isfinite(config.norm_std) && config.norm_std > 0,
          "audio features: expected a finite norm_mean and a norm_std above 0, got {} and {}", config.norm_mean,
          config.norm_std);
  require(sound.channels > 0 && sound.samples.size() % static_cast<size_t>(sound.channels) == 0,
          "audio features: {} samples cannot be {} channels of one length", sound.samples.size(), sound.channels);
}

// The channel to hear, without the mean over all channels.
std::vector<float> centred_channel(const Waveform& sound, ChannelUse channels) {
  const float mean = cascade_sum(sound.samples) / static_cast<float>(sound.samples.size());
  require(std::isfinite(mean), "audio features: the sound holds values that are not finite");
  std::vector<float> result(sound.channel(0).begin(), sound.channel(0).end());
  if (channels == ChannelUse::kMean && sound.channels > 1) {
    for (int c = 1; c < sound.channels; ++c) {
      const auto channel = sound.channel(c);
      for (size_t i = 0; i < result.size(); ++i) result[i] += channel[i];
    }
    for (float& value : result) value /= static_cast<float>(sound.channels);
  }
  for (float& value : result) value -= mean;
  return result;
}

std::vector<float> padded_log_mel(const Waveform& sound, const AudioFeatureConfig& config) {
  check(sound, config);
  std::vector<float> features = audio_log_mel(sound, config, config.target_frames);
  features.resize(static_cast<size_t>(config.target_frames) * static_cast<size_t>(config.mel_bins));
  return features;
}

}  // namespace

std::vector<float> audio_log_mel(const Waveform& sound, const AudioFeatureConfig& config, int64_t max_frames) {
  check(sound, config);
  const Fbank fbank(sound.sample_rate_hz, config.mel_bins);
  if (sound.samples.empty()) return fbank({}, max_frames);  // says what is missing
  return fbank(centred_channel(sound, config.channels), max_frames);
}

std::vector<float> audio_eval_features(const Waveform& sound, const AudioFeatureConfig& config) {
  std::vector<float> features = padded_log_mel(sound, config);
  normalise_features(features, config);
  return features;
}

std::vector<float> audio_train_features(const Waveform& sound, const AudioFeatureConfig& config, PythonRandom& random) {
  require(config.max_masked_bins >= 0 && config.max_masked_frames >= 0,
          "audio features: expected max_masked_bins and max_masked_frames of at least 0, got {} and {}",
          config.max_masked_bins, config.max_masked_frames);
  std::vector<float> features = padded_log_mel(sound, config);
  if (config.max_masked_bins > 0) {
    mask_bins(features, config.mel_bins, random_mask(config.mel_bins, config.max_masked_bins, random));
  }
  if (config.max_masked_frames > 0) {
    mask_frames(features, config.mel_bins, random_mask(config.target_frames, config.max_masked_frames, random));
  }
  normalise_features(features, config);
  if (config.noise) {
    const double level = random.random() / 10;
    for (float& value : features) value += static_cast<float>(random.random() * level);
    roll_frames(features, config.mel_bins, static_cast<int>(random.randint(-10, 9)));
  }
  return features;
}

void normalise_features(std::span<float> features, const AudioFeatureConfig& config) {
  if (!config.normalise) return;
  const auto mean = static_cast<float>(config.norm_mean);
  const auto width = static_cast<float>(2 * config.norm_std);
  for (float& value : features) value = (value - mean) / width;
}

Mask random_mask(int size, int max_width, PythonRandom& random) {
  const double width = random.random() * max_width;
  const int first = static_cast<int>(random.random() * (size - width));
  return {first, first + static_cast<int>(width)};
}

void mask_bins(std::span<float> features, int mel_bins, const Mask& mask) {
  const auto bins = static_cast<size_t>(mel_bins);
  const auto first = static_cast<size_t>(std::clamp(mask.first, 0, mel_bins));
  const auto end = static_cast<size_t>(std::clamp(mask.end, 0, mel_bins));
  if (first >= end) return;
  for (size_t row = 0; row + bins <= features.size(); row += bins) {
    std::fill_n(features.begin() + static_cast<std::ptrdiff_t>(row + first), end - first, 0.0F);
  }
}

void mask_frames(std::span<float> features, int mel_bins, const Mask& mask) {
  const auto bins = static_cast<size_t>(mel_bins);
  const size_t frames = features.size() / bins;
  const size_t first = std::min(static_cast<size_t>(std::max(mask.first, 0)), frames);
  const size_t end = std::min(static_cast<size_t>(std::max(mask.end, 0)), frames);
  if (first >= end) return;
  std::ranges::fill(features.subspan(first * bins, (end - first) * bins), 0.0F);
}

void roll_frames(std::vector<float>& features, int mel_bins, int shift) {
  const auto frames = std::ssize(features) / mel_bins;
  if (frames == 0) return;
  const auto ahead = ((-shift % frames) + frames) % frames;  // what comes first afterwards
  std::rotate(features.begin(), features.begin() + ahead * mel_bins, features.end());
}

}  // namespace epalm::media
