#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <vector>

#include "epalm/media/waveform.h"
#include "epalm/world/audio_scene.h"

namespace epalm::world {

// What can be told of a sound from its samples alone.
struct HeardSound {
  int kind;
  int pitch;
  int loudness;
  int length;
};

// Listens to a recording without knowing how it was made: stretches above the hiss are sounds; their length, strength,
// zero crossings and envelope tell the rest.
class AudioSampleSolver {
 public:
  explicit AudioSampleSolver(const media::Waveform& waveform) : samples_(waveform.channel(0)) {}

  std::vector<HeardSound> sounds() const {
    std::vector<HeardSound> heard;
    for (const Stretch& stretch : stretches()) heard.push_back(describe(stretch));
    return heard;
  }

 private:
  using Part = std::span<const float>;

  static constexpr size_t kFrame = 160;       // 10 ms
  static constexpr size_t kLongestPause = 6;  // frames; between two clicks of one sound, less than between two sounds
  static constexpr double kAudible = 0.004;   // above the hiss (0.0012), below the quietest sound (0.024)

  struct Stretch {
    size_t first, last;  // frames, the last one included
    size_t audible;      // frames of them
  };

  static double rms(Part part) {
    double sum = 0.0;
    for (const float sample : part) sum += static_cast<double>(sample) * sample;
    return std::sqrt(sum / static_cast<double>(part.size()));
  }

  bool is_audible(size_t frame) const { return rms(samples_.subspan(frame * kFrame, kFrame)) > kAudible; }

  std::vector<Stretch> stretches() const {
    std::vector<Stretch> found;
    for (size_t frame = 0; frame < samples_.size() / kFrame; ++frame) {
      if (!is_audible(frame)) continue;
      if (found.empty() || frame - found.back().last > kLongestPause + 1) found.push_back({frame, frame, 0});
      found.back().last = frame;
      ++found.back().audible;
    }
    return found;
  }

  HeardSound describe(const Stretch& stretch) const {
    const size_t frames = stretch.last - stretch.first + 1;
    double energy = 0.0;
    for (size_t frame = stretch.first; frame <= stretch.last; ++frame) {
      if (is_audible(frame)) energy += std::pow(rms(samples_.subspan(frame * kFrame, kFrame)), 2);
    }
    const auto audible = static_cast<double>(stretch.audible);
    const double frequency_hz = 16'000.0 / 2.0 / half_period(samples_.subspan(stretch.first * kFrame, frames * kFrame));
    HeardSound heard{};
    heard.length = frames > 40 ? kLong : 0;
    heard.loudness = std::sqrt(energy / audible) > 0.06 ? kLoud : 0;
    heard.pitch = frequency_hz < 663 ? 0 : frequency_hz < 1816 ? 1 : 2;  // geometric means of 400, 1100 and 3000
    // The first and last 20 ms fade.
    const Part inner = samples_.subspan((stretch.first + 2) * kFrame, (frames - 4) * kFrame);
    heard.kind = audible < 0.75 * static_cast<double>(frames) ? kClick : kind_of(inner, heard.pitch);
    return heard;
  }

  static int kind_of(Part sound, int pitch) {
    const double period = 16'000.0 / std::array{400.0, 1100.0, 3000.0}.at(static_cast<size_t>(pitch));
    // A chord of 2/3, 1 and 4/3 of a pitch repeats itself after three periods, noise never.
    const bool uneven = unevenness(sound, static_cast<size_t>(4 * period)) > 0.15;
    if (uneven && self_similarity(sound, 3 * period) < 0.6) return kNoise;
    std::vector<double> octaves = frequencies(sound);
    const auto third = static_cast<long>(octaves.size() / 3);
    const double rise = mean(octaves.end() - third, octaves.end()) - mean(octaves.begin(), octaves.begin() + third);
    if (rise > 0.35) return kSweep;
    std::sort(octaves.begin(), octaves.end());
    const auto quarter = octaves.size() / 4;
    if (octaves[octaves.size() - 1 - quarter] - octaves[quarter] > 0.25) return kTrill;
    return self_similarity(sound, period) > 0.6 ? kBeep : kChord;
  }

  // The middle time between two changes of sign, in samples; what lies in the hiss has no sign.
  static double half_period(Part sound) {
    std::vector<size_t> times;
    float last = 0;
    for (size_t i = 0; i < sound.size(); ++i) {
      if (std::abs(sound[i]) < kAudible) continue;
      if ((sound[i] < 0) != (last < 0)) times.push_back(i);
      last = sound[i];
    }
    std::vector<size_t> gaps;
    for (size_t i = 1; i < times.size(); ++i) gaps.push_back(times[i] - times[i - 1]);
    std::sort(gaps.begin(), gaps.end());
    // The mean of the middle half, finer than whole samples.
    const auto quarter = static_cast<long>(gaps.size() / 4);
    return mean(gaps.begin() + quarter, gaps.end() - quarter);
  }

  template <typename Iterator>
  static double mean(Iterator begin, Iterator end) {
    double sum = 0.0;
    for (Iterator it = begin; it != end; ++it) sum += static_cast<double>(*it);
    return sum / static_cast<double>(end - begin);
  }

  // How much the strength varies from window to window, against its mean.
  static double unevenness(Part sound, size_t window) {
    std::vector<double> strengths;
    for (size_t at = 0; at + window <= sound.size(); at += window) strengths.push_back(rms(sound.subspan(at, window)));
    const double middle = mean(strengths.begin(), strengths.end());
    double square = 0.0;
    for (const double strength : strengths) square += (strength - middle) * (strength - middle);
    return std::sqrt(square / static_cast<double>(strengths.size())) / middle;
  }

  // The highest correlation of the sound with itself at about this lag.
  static double self_similarity(Part sound, double lag) {
    double best = 0.0;
    for (auto shift = static_cast<size_t>(lag * 0.92); shift <= static_cast<size_t>(lag * 1.08 + 1); ++shift) {
      double product = 0.0;
      for (size_t i = shift; i < sound.size(); ++i) product += static_cast<double>(sound[i]) * sound[i - shift];
      best = std::max(best, product / (std::pow(rms(sound), 2) * static_cast<double>(sound.size() - shift)));
    }
    return best;
  }

  // log2 of the frequency in steps of 20 ms, by the times of the first and last upward zero crossing.
  static std::vector<double> frequencies(Part sound) {
    std::vector<double> octaves;
    for (size_t at = 0; at + 2 * kFrame <= sound.size(); at += 2 * kFrame) {
      std::vector<double> times;
      for (size_t i = at + 1; i < at + 2 * kFrame; ++i) {
        if (sound[i - 1] < 0 && sound[i] >= 0) {
          times.push_back(static_cast<double>(i) - sound[i] / (static_cast<double>(sound[i]) - sound[i - 1]));
        }
      }
      const double periods = static_cast<double>(times.size()) - 1;
      octaves.push_back(std::log2(16'000.0 * periods / (times.back() - times.front())));
    }
    return octaves;
  }

  Part samples_;
};

}  // namespace epalm::world
