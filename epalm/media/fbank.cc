#include "epalm/media/fbank.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>

#include "epalm/base/error.h"
#include "epalm/media/cascade_sum.h"

// Of libsleef, which libtorch computes with and which is always beside it; only its header is a package of its own.
// They take the fastest instructions that the processor has, as libtorch does.
extern "C" {
epalm::media::Lanes::Vector Sleef_cosf4_u10(epalm::media::Lanes::Vector);
epalm::media::Lanes::Vector Sleef_logf4_u10(epalm::media::Lanes::Vector);
}

namespace epalm::media {
namespace {

constexpr float kPreEmphasis = 0.97F;
constexpr double kLowest_hz = 20.0;
constexpr double kMilliseconds = 0.001;
constexpr float kEnergyFloor = std::numeric_limits<float>::epsilon();

int checked_rate(int sample_rate_hz) {
  require(sample_rate_hz >= Fbank::kMinSampleRate_hz && sample_rate_hz <= Fbank::kMaxSampleRate_hz,
          "fbank: expected a sample rate of {} to {} Hz, got {}", Fbank::kMinSampleRate_hz, Fbank::kMaxSampleRate_hz,
          sample_rate_hz);
  return sample_rate_hz;
}

int samples_in(double milliseconds, int sample_rate_hz) {
  return static_cast<int>(sample_rate_hz * milliseconds * kMilliseconds);
}

float cosine(float x) {
  return Sleef_cosf4_u10(Lanes::Vector{x})[0];
}

float logarithm(float x) {
  return Sleef_logf4_u10(Lanes::Vector{x, 1, 1, 1})[0];
}

double mel(double hz) {
  return 1127.0 * std::log(1.0 + hz / 700.0);
}

}  // namespace

// Tables are rounded to float32 after each step as tensors are, with the cosine and logarithm of libtorch: a quiet band
// beside a loud one shows the last bits of the window by 1e-4, a triangle with one line at its foot those of the line.
Fbank::Fbank(int sample_rate_hz, int mel_bins)
    : sample_rate_hz_(checked_rate(sample_rate_hz)),
      mel_bins_(mel_bins),
      frame_samples_(samples_in(25.0, sample_rate_hz)),
      shift_samples_(samples_in(10.0, sample_rate_hz)),
      transform_(static_cast<int>(std::bit_ceil(static_cast<unsigned>(frame_samples_)))) {
  require(mel_bins >= 1 && mel_bins <= kMaxMelBins, "fbank: expected 1 to {} mel bins, got {}", kMaxMelBins, mel_bins);
  const auto step = static_cast<float>(2 * std::numbers::pi / (frame_samples_ - 1));
  for (int i = 0; i < frame_samples_; ++i) window_.push_back(cosine(static_cast<float>(i) * step) * -0.5F + 0.5F);

  const double lowest = mel(kLowest_hz);
  const double width = (mel(0.5 * sample_rate_hz) - lowest) / (mel_bins + 1);
  const auto corner = [&](int i) {
    return static_cast<float>(i) * static_cast<float>(width) + static_cast<float>(lowest);
  };
  const auto line_spacing_hz = static_cast<float>(static_cast<double>(sample_rate_hz) / transform_.size());
  std::vector<float> lines;  // in mel; the line at half the sample rate has no weight anywhere
  for (int i = 0; i < transform_.size() / 2; ++i) {
    lines.push_back(logarithm(static_cast<float>(i) * line_spacing_hz / 700.0F + 1.0F) * 1127.0F);
  }
  for (int bin = 0; bin < mel_bins; ++bin) {
    const float left = corner(bin);
    const float centre = corner(bin + 1);
    const float right = corner(bin + 2);
    const auto first = std::upper_bound(lines.begin(), lines.end(), left);
    const auto end = std::lower_bound(first, lines.end(), right);
    Triangle triangle{static_cast<int>(first - lines.begin()), {}};
    for (auto line = first; line != end; ++line) {
      triangle.weights.push_back(std::min((*line - left) / (centre - left), (right - *line) / (right - centre)));
    }
    triangles_.push_back(std::move(triangle));
  }
}

int64_t Fbank::frames_of(int64_t samples) const {
  return samples < frame_samples_ ? 0 : 1 + (samples - frame_samples_) / shift_samples_;
}

void Fbank::prepare_frame(std::span<const float> samples, std::span<float> frame) const {
  const float mean = cascade_sum(samples) / static_cast<float>(frame_samples_);
  for (size_t i = 0; i < samples.size(); ++i) frame[i] = samples[i] - mean;
  const float first = frame[0];
  for (size_t i = samples.size() - 1; i > 0; --i) frame[i] = (frame[i] - kPreEmphasis * frame[i - 1]) * window_[i];
  frame[0] = (first - kPreEmphasis * first) * window_[0];
}

std::vector<float> Fbank::operator()(std::span<const float> samples, int64_t max_frames) const {
  const int64_t frames = std::min(frames_of(std::ssize(samples)), max_frames);
  require(std::ssize(samples) >= frame_samples_,
          "fbank: the sound has {} samples; expected at least {} (25 ms at {} Hz)", samples.size(), frame_samples_,
          sample_rate_hz_);
  const auto size = static_cast<size_t>(transform_.size());
  const auto length = static_cast<size_t>(frame_samples_);
  const auto bins = static_cast<size_t>(mel_bins_);
  std::vector<float> result(static_cast<size_t>(std::max<int64_t>(frames, 0)) * bins);
  std::vector<Lanes> spectrum(size);
  std::vector<Lanes> scratch(size);
  std::vector<float> prepared(Lanes::kCount * static_cast<size_t>(frame_samples_));  // [lane, sample]
  for (int64_t start = 0; start < frames; start += Lanes::kCount) {
    const auto count = static_cast<size_t>(std::min<int64_t>(Lanes::kCount, frames - start));
    for (size_t lane = 0; lane < count; ++lane) {
      const auto offset = (static_cast<size_t>(start) + lane) * static_cast<size_t>(shift_samples_);
      prepare_frame(samples.subspan(offset, length), std::span(prepared).subspan(lane * length, length));
    }
    for (size_t i = 0; i < length; ++i) {
      const float* sample = prepared.data() + i;
      spectrum[i].values = Lanes::Vector{sample[0], sample[length], sample[2 * length], sample[3 * length]};
    }
    std::fill(spectrum.begin() + frame_samples_, spectrum.end(), Lanes{});
    transform_.transform(spectrum, scratch);

    std::vector<Lanes>& power = scratch;
    power[0] = squared(spectrum[0]);
    for (size_t line = 1; line < size / 2; ++line) {
      power[line] = squared(spectrum[2 * line - 1]) + squared(spectrum[2 * line]);
    }
    float* to = result.data() + static_cast<size_t>(start) * bins;
    for (size_t bin = 0; bin < bins; ++bin) {
      const Lanes* line = power.data() + triangles_[bin].first_line;
      Lanes energy;
      for (const float weight : triangles_[bin].weights) energy = energy + *line++ * weight;
      for (size_t lane = 0; lane < count; ++lane) {
        to[lane * bins + bin] = std::log(std::max(energy.values[lane], kEnergyFloor));
      }
    }
  }
  return result;
}

}  // namespace epalm::media
