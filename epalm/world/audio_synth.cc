#include "epalm/world/audio_synth.h"

#include <algorithm>
#include <array>
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

struct Tone {
  double frequency_hz = 0;
  double amplitude = 0;
  double phase = 0;
};

// Steady sines by the recurrence s[n+1] = 2 cos(w) s[n] - s[n-1], four at a time, because each step waits for the last.
void add_tones(Samples out, std::span<const Tone> tones) {
  constexpr size_t kLanes = 4;
  using Lanes = std::array<double, kLanes>;
  for (size_t first = 0; first < tones.size(); first += kLanes) {
    Lanes twice_cosine{};
    Lanes before{};
    Lanes now{};
    for (size_t i = 0; i < std::min(kLanes, tones.size() - first); ++i) {
      const Tone& tone = tones[first + i];
      const double w = radians_per_sample(tone.frequency_hz);
      twice_cosine[i] = 2.0 * std::cos(w);
      before[i] = tone.amplitude * std::sin(tone.phase - w);
      now[i] = tone.amplitude * std::sin(tone.phase);
    }
    for (double& sample : out) {
      sample += (now[0] + now[1]) + (now[2] + now[3]);
      for (size_t i = 0; i < kLanes; ++i) {
        const double next = twice_cosine[i] * now[i] - before[i];
        before[i] = now[i];
        now[i] = next;
      }
    }
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
  std::vector<double> ping(static_cast<size_t>(10 * ring));
  for (size_t i = 0; i < ping.size(); ++i) {
    const auto age = static_cast<double>(i);
    ping[i] = amplitude * std::exp(-age / ring) * std::sin(w * age);
  }
  for (size_t i = 0; i < out.size(); ++i) {
    if (i % period < ping.size()) out[i] += ping[i % period];
  }
}

void add_chord(Samples out, double frequency_hz, double level, PythonRandom& noise) {
  std::vector<Tone> tones;
  for (const double ratio : {2.0 / 3.0, 1.0, 4.0 / 3.0}) {
    tones.push_back({frequency_hz * ratio, level * std::sqrt(2.0 / 3.0), noise.uniform(0.0, kTurn)});
  }
  add_tones(out, tones);
}

// A band of one octave, as the sum of many sines.
void add_noise(Samples out, double frequency_hz, double level, PythonRandom& noise) {
  constexpr int kSines = 60;
  std::vector<Tone> tones;
  for (int i = 0; i < kSines; ++i) {
    const double octaves = noise.uniform(-0.5, 0.5);
    tones.push_back({frequency_hz * std::exp2(octaves), level * std::sqrt(2.0 / kSines), noise.uniform(0.0, kTurn)});
  }
  add_tones(out, tones);
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
      add_tones(out, std::array{Tone{frequency_hz, amplitude, 0.0}});
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
