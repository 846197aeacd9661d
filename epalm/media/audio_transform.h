#pragma once

#include <span>
#include <vector>

#include "epalm/base/python_random.h"
#include "epalm/media/waveform.h"

// From decoded sound to what an audio encoder takes (SPEC.md §7.3): log mel energies [target_frames, mel_bins] at the
// sound's own sample rate; nothing is resampled.
namespace epalm::media {

// kFirst is the published choice, which is deaf to the others; kMean hears all.
enum class ChannelUse { kFirst, kMean };

struct AudioFeatureConfig {
  int mel_bins = 128;
  int target_frames = 1024;  // 10.24 s; shorter sound is followed by zeros, longer is cut
  ChannelUse channels = ChannelUse::kFirst;
  bool normalise = true;          // (x - norm_mean) / (2 norm_std), padding and masks included; not skip_norm
  double norm_mean = -4.2677393;  // of AudioSet
  double norm_std = 4.5689974;
  // Training only.
  int max_masked_bins = 24;    // freqm_p; 0: none
  int max_masked_frames = 96;  // timem_p; 0: none
  bool noise = false;          // adds noise and moves the sound by up to 10 frames
};

// Throws Error for sound of less than one frame of 25 ms, with values that are not finite, or with a rate or shape that
// cannot be; and for a configuration without a positive norm_std, target_frames, or mel_bins.
std::vector<float> audio_eval_features(const Waveform& sound, const AudioFeatureConfig& config = {});

// With SpecAugment and, where asked, noise. The distribution is the published one; the single draws are not, those
// being torch's and NumPy's.
std::vector<float> audio_train_features(const Waveform& sound, const AudioFeatureConfig& config, PythonRandom& random);

// Before padding: [frames, mel_bins], of the sound without its mean over all channels. At most max_frames.
std::vector<float> audio_log_mel(const Waveform& sound, const AudioFeatureConfig& config,
                                 int64_t max_frames = INT64_MAX);

// (x - norm_mean) / (2 norm_std) in place; nothing without config.normalise.
void normalise_features(std::span<float> features, const AudioFeatureConfig& config);

// What is [first, end) along an axis; a part outside the features is ignored.
struct Mask {
  int first = 0;
  int end = 0;
};

// Width uniform in [0, max_width), then the start uniform in [0, size - width), both cut to integers.
Mask random_mask(int size, int max_width, PythonRandom& random);

// features: [frames, mel_bins]; what is masked becomes 0.
void mask_bins(std::span<float> features, int mel_bins, const Mask& mask);
void mask_frames(std::span<float> features, int mel_bins, const Mask& mask);

// Frame i goes to i + shift, around the end.
void roll_frames(std::vector<float>& features, int mel_bins, int shift);

}  // namespace epalm::media
