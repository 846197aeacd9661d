#include "epalm/world/audio_synth.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>
#include <vector>

#include "epalm/base/error.h"

namespace epalm::world {
namespace {

using Samples = std::span<double>;

constexpr double kTurn = 2.0 * std::numbers::pi;

size_t samples_in(int ms) {
  return static_cast<size_t>(ms) * kSampleRateHz / 1000;
}

double radians_per_sample(double frequency_hz) {
  return kTurn * frequency_hz / kSampleRateHz;
}

// A steady sine by the recurrence s[n+1] = 2 cos(w) s[n] - s[n-1], ten times as fast as calling sin.
void add_tone(Samples out, double frequency_hz, double amplitude, double phase) {
  const double w = radians_per_sample(frequency_hz);
  const double twice_cosine = 2.0 * std::cos(w);
  double before = amplitude * std::sin(phase - w);
  double now = amplitude * std::sin(phase);
  for (double& sample : out) {
    sample += now;
    const double next = twice_cosine * now - before;
    before = now;
    now = next;
  }
}

// A sine whose frequency is told sample by sample.
template <typename Frequency>
void add_moving_tone(Samples out, double amplitude, Frequency frequency_hz) {
  double phase = 0.0;
  for (size_t i = 0; i < out.size(); ++i) {
    out[i] += amplitude * std::sin(phase);
    phase += radians_per_sample(frequency_hz(i));
  }
}

void add_sweep(Samples out, double frequency_hz, double amplitude) {
  const double steps = static_cast<double>(out.size());
  add_moving_tone(out, amplitude, [&](size_t i) {
    return frequency_hz * std::exp2(static_cast<double>(i) / steps - 0.5);  // one octave up
  });
}

void add_trill(Samples out, double frequency_hz, double amplitude) {
  const size_t note = samples_in(40);
  add_moving_tone(out, amplitude, [&](size_t i) { return frequency_hz * (i / note % 2 == 0 ? 0.84 : 1.19); });
}

// Pings that ring for a few thousandths of a second, fourteen a second.
void add_clicks(Samples out, double frequency_hz, double amplitude) {
  const size_t period = samples_in(70);
  const double ring = static_cast<double>(kSampleRateHz) * 0.006;
  const double w = radians_per_sample(frequency_hz);
  for (size_t i = 0; i < out.size(); ++i) {
    const auto age = static_cast<double>(i % period);
    if (age < 10 * ring) out[i] += amplitude * std::exp(-age / ring) * std::sin(w * age);
  }
}

void add_chord(Samples out, double frequency_hz, double level, PythonRandom& noise) {
  for (const double ratio : {2.0 / 3.0, 1.0, 4.0 / 3.0}) {
    add_tone(out, frequency_hz * ratio, level * std::sqrt(2.0 / 3.0), noise.uniform(0.0, kTurn));
  }
}

// A band of one octave, as the sum of many sines.
void add_noise(Samples out, double frequency_hz, double level, PythonRandom& noise) {
  constexpr int kSines = 60;
  for (int i = 0; i < kSines; ++i) {
    const double frequency = frequency_hz * std::exp2(noise.uniform(-0.5, 0.5));
    add_tone(out, frequency, level * std::sqrt(2.0 / kSines), noise.uniform(0.0, kTurn));
  }
}

void fade_ends(Samples out) {
  const size_t fade = std::min(samples_in(8), out.size() / 2);
  for (size_t i = 0; i < fade; ++i) {
    const double gain = 0.5 - 0.5 * std::cos(std::numbers::pi * static_cast<double>(i) / static_cast<double>(fade));
    out[i] *= gain;
    out[out.size() - 1 - i] *= gain;
  }
}

void add_sound(Samples out, const Sound& sound, PythonRandom& noise) {
  const double frequency_hz = sound.frequency_hz;
  const double level = sound.level_permille / 1000.0;
  const double amplitude = level * std::numbers::sqrt2;
  switch (sound.kind) {
    case kBeep:
      add_tone(out, frequency_hz, amplitude, 0.0);
      break;
    case kSweep:
      add_sweep(out, frequency_hz, amplitude);
      break;
    case kClick:
      add_clicks(out, frequency_hz, 3.5 * level);  // near full scale where the others have their peaks
      return;                                      // each ping fades by itself
    case kNoise:
      add_noise(out, frequency_hz, level, noise);
      break;
    case kChord:
      add_chord(out, frequency_hz, level, noise);
      break;
    case kTrill:
      add_trill(out, frequency_hz, amplitude);
      break;
    default:
      fail("synthesize: expected a kind of sound from 0 to {}, got {}", kSoundKindCount - 1, sound.kind);
  }
  fade_ends(out);
}

}  // namespace

media::Waveform synthesize(const AudioScene& scene, PythonRandom& noise) {
  std::vector<double> clip(samples_in(kClipMs));
  for (const Sound& sound : scene.sounds) {
    require(sound.start_ms >= 0 && sound.duration_ms >= 0 && sound.start_ms + sound.duration_ms <= kClipMs,
            "synthesize: expected a sound within {} ms, got {} ms from {}", kClipMs, sound.duration_ms, sound.start_ms);
    add_sound(Samples(clip).subspan(samples_in(sound.start_ms), samples_in(sound.duration_ms)), sound, noise);
  }
  const double hiss = scene.hiss_per_100k / 100'000.0 * std::numbers::sqrt3;  // largest value of a uniform draw
  media::Waveform waveform;
  waveform.sample_rate_hz = kSampleRateHz;
  waveform.channels = 1;
  waveform.samples.reserve(clip.size());
  for (const double sample : clip) {
    const double steps = std::nearbyint((sample + noise.uniform(-hiss, hiss)) * 32768.0);
    waveform.samples.push_back(static_cast<float>(std::clamp(steps, -32768.0, 32767.0) / 32768.0));
  }
  return waveform;
}

}  // namespace epalm::world
