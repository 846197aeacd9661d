#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "epalm/media/real_fft.h"

namespace epalm::media {

// Log mel energies as torchaudio.compliance.kaldi.fbank gives them with the published settings (SPEC.md §7.3): frames
// of 25 ms every 10 ms, only whole ones, each without its mean, pre-emphasised by 0.97 and under a Hann window;
// triangles from 20 Hz to half the sample rate, equally wide on the mel scale. Tables for one rate, made once;
// immutable, so threads may share one.
class Fbank {
 public:
  static constexpr int kMinSampleRate_hz = 100;  // one sample between frames
  static constexpr int kMaxSampleRate_hz = 768'000;
  static constexpr int kMaxMelBins = 4096;

  // Throws Error outside these ranges.
  explicit Fbank(int sample_rate_hz, int mel_bins = 128);

  int sample_rate_hz() const { return sample_rate_hz_; }
  int mel_bins() const { return mel_bins_; }
  int64_t frames_of(int64_t samples) const;  // 0 below one frame

  // samples: one channel, full scale 1. [frames_of(samples), mel_bins], natural logarithms of at least 2^-23. Only the
  // first max_frames frames are computed. Throws Error for less than one frame of samples.
  std::vector<float> operator()(std::span<const float> samples, int64_t max_frames = INT64_MAX) const;

 private:
  // The lines of the spectrum under one triangle.
  struct Triangle {
    int first_line = 0;
    std::vector<float> weights;
  };

  // samples, frame: [frame_samples]
  void prepare_frame(std::span<const float> samples, std::span<float> frame) const;

  int sample_rate_hz_;
  int mel_bins_;
  int frame_samples_;
  int shift_samples_;
  RealFft transform_;
  std::vector<float> window_;  // [frame_samples]
  std::vector<Triangle> triangles_;
};

}  // namespace epalm::media
