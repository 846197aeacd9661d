#include "epalm/media/audio_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "epalm/media/audio_writer.h"
#include "epalm/media/video_writer.h"
#include "tests/media/av_samples.h"

namespace epalm::media {
namespace {

using samples::Bytes;
using samples::ffmpeg;
using samples::temporary;
using samples::tones;
using samples::written;

struct WavKind {
  const char* name;
  int bytes;  // of a sample
  bool floating;
};

constexpr WavKind kWavKinds[]{{"8 bits", 1, false},  {"16 bits", 2, false}, {"24 bits", 3, false},
                              {"32 bits", 4, false}, {"float", 4, true},    {"double", 8, true}};

void put(Bytes& bytes, uint64_t value, int count) {
  for (int i = 0; i < count; ++i) bytes.push_back(static_cast<std::byte>(value >> (8 * i)));
}

void put(Bytes& bytes, const std::string& mark) {
  for (const char c : mark) bytes.push_back(static_cast<std::byte>(c));
}

// sound: rounded to what the kind can hold, so that it must come back as it is.
Bytes wav_of(Waveform& sound, const WavKind& kind) {
  Bytes data;
  for (size_t i = 0; i < static_cast<size_t>(sound.length()); ++i) {
    for (size_t c = 0; c < static_cast<size_t>(sound.channels); ++c) {
      float& sample = sound.samples[c * static_cast<size_t>(sound.length()) + i];
      if (kind.floating) {
        put(data, kind.bytes == 4 ? std::bit_cast<uint32_t>(sample) : std::bit_cast<uint64_t>(double{sample}),
            kind.bytes);
        continue;
      }
      // Of 32 bits a float32 keeps 24.
      const double steps = std::exp2(8 * std::min(kind.bytes, 3) - 1);
      const double level = std::round(static_cast<double>(sample) * steps);
      sample = static_cast<float>(level / steps);
      const auto stored = static_cast<int64_t>(kind.bytes == 4 ? level * 256 : level);
      put(data, static_cast<uint64_t>(kind.bytes == 1 ? stored + 128 : stored), kind.bytes);
    }
  }
  const int block = kind.bytes * sound.channels;
  Bytes wav;
  put(wav, "RIFF");
  put(wav, 36 + data.size(), 4);
  put(wav, "WAVEfmt ");
  put(wav, 16, 4);
  put(wav, kind.floating ? 3 : 1, 2);
  put(wav, static_cast<uint64_t>(sound.channels), 2);
  put(wav, static_cast<uint64_t>(sound.sample_rate_hz), 4);
  put(wav, static_cast<uint64_t>(sound.sample_rate_hz) * static_cast<uint64_t>(block), 4);
  put(wav, static_cast<uint64_t>(block), 2);
  put(wav, static_cast<uint64_t>(8 * kind.bytes), 2);
  put(wav, "data");
  put(wav, data.size(), 4);
  wav.insert(wav.end(), data.begin(), data.end());
  return wav;
}

constexpr int kRates[]{8000, 16'000, 22'050, 44'100, 48'000};

TEST(LoadAudio, ReadsEveryWavExactly) {
  for (const int rate : kRates) {
    for (const int channels : {1, 2, 5}) {
      for (const WavKind& kind : kWavKinds) {
        Waveform sound = tones(rate, channels, rate / 4 + 13);
        const auto path = written("exact.wav", wav_of(sound, kind));
        const Waveform read = load_audio(path);
        EXPECT_EQ(read.sample_rate_hz, rate);
        ASSERT_EQ(read.channels, channels);
        EXPECT_EQ(read.samples, sound.samples) << kind.name << ", " << rate << " Hz, " << channels << " channels";
      }
    }
  }
}

TEST(LoadAudio, ReachesTheEndsOfTheRange) {
  Waveform sound{8000, 1, {-1.0F, 1.0F - 1.0F / 32768, 0.0F, -1.0F / 32768}};
  EXPECT_EQ(load_audio(written("ends.wav", wav_of(sound, kWavKinds[1]))).samples, sound.samples);
}

TEST(SaveAudio, KeepsSixteenBits) {
  for (const char* name : {"kept.wav", "kept.flac"}) {
    for (const int channels : {1, 2}) {
      Waveform sound = tones(22'050, channels, 10'001);
      for (float& sample : sound.samples) sample = std::nearbyint(sample * 32768) / 32768;
      save_audio(temporary(name), sound);
      const Waveform read = load_audio(temporary(name));
      EXPECT_EQ(read.sample_rate_hz, sound.sample_rate_hz);
      EXPECT_EQ(read.channels, channels);
      EXPECT_EQ(read.samples, sound.samples) << name;
    }
  }
}

TEST(SaveAudio, ClipsAndRefuses) {
  save_audio(temporary("clipped.wav"), {8000, 1, {2.0F, -2.0F}});
  EXPECT_EQ(load_audio(temporary("clipped.wav")).samples, (std::vector<float>{32767.0F / 32768, -1.0F}));
  EXPECT_THROW(encode_audio({8000, 1, {}}, AudioFormat::kWav), Error);
  EXPECT_THROW(encode_audio({0, 1, {0.0F}}, AudioFormat::kWav), Error);
  EXPECT_THROW(encode_audio({8000, 9, std::vector<float>(9)}, AudioFormat::kWav), Error);
  EXPECT_THROW(encode_audio({8000, 1, {NAN}}, AudioFormat::kWav), Error);
  EXPECT_THROW(save_audio(temporary("sound.mp3"), tones(8000, 1, 100)), Error);
  EXPECT_EQ(encode_audio(tones(8000, 2, 999), AudioFormat::kFlac),
            encode_audio(tones(8000, 2, 999), AudioFormat::kFlac));
}

// 10 log10 of the energy of `sound` over that of the difference, over what both have.
double signal_to_noise_dB(const Waveform& sound, const Waveform& read) {
  double signal = 0;
  double noise = 0;
  const int64_t length = std::min(sound.length(), read.length());
  for (int c = 0; c < sound.channels; ++c) {
    for (size_t i = 0; i < static_cast<size_t>(length); ++i) {
      const double wanted = sound.channel(c)[i];
      signal += wanted * wanted;
      noise += (wanted - read.channel(c)[i]) * (wanted - read.channel(c)[i]);
    }
  }
  return 10 * std::log10(signal / noise);
}

// Two sines are easy for any codec at these rates. 15 dB is far below what they reach and far above the 0 dB or less
// of a sound that is late by a fraction of a period: what a codec adds in front must be gone.
constexpr double kCodecNoise_dB = 15;

TEST(LoadAudio, ReadsTheUsualCodecsInTime) {
  for (const char* extension : {".mp3", ".ogg", ".m4a", ".opus", ".flac"}) {
    for (const int rate : {16'000, 48'000}) {
      for (const int channels : {1, 2}) {
        const Waveform sound = tones(rate, channels, rate + 77);
        const auto source = written("source.wav", encode_audio(sound, AudioFormat::kWav));
        const auto path = temporary(std::string("codec") + extension);
        if (!ffmpeg("-i '" + source.string() + "' -b:a 96k '" + path.string() + "'")) {
          std::printf("skipped: this ffmpeg does not make %s\n", extension);
          break;
        }
        // Opus always runs at 48 kHz inside and says so.
        const Waveform read = load_audio(path, {.sample_rate_hz = rate});
        ASSERT_EQ(read.channels, channels) << extension;
        EXPECT_NEAR(static_cast<double>(read.length()), static_cast<double>(sound.length()), 2304)
            << extension << ": at most two frames of padding stay";
        EXPECT_GT(signal_to_noise_dB(sound, read), kCodecNoise_dB) << extension << ", " << rate << " Hz";
      }
    }
  }
}

TEST(LoadAudio, ReadsTheSoundTrackOfAVideo) {
  const Waveform sound = tones(16'000, 1, 32'000);
  const auto source = written("track.wav", encode_audio(sound, AudioFormat::kWav));
  const auto pictures = temporary("track.mkv");
  save_video(pictures, samples::numbered_frames(50, 64, 48));
  const auto path = temporary("with_sound.mp4");
  if (!ffmpeg("-i '" + pictures.string() + "' -i '" + source.string() + "' -c:v copy -c:a aac '" + path.string() +
              "'")) {
    GTEST_SKIP() << "this ffmpeg has no AAC";
  }
  const Waveform read = load_audio(path);
  EXPECT_EQ(read.sample_rate_hz, 16'000);
  EXPECT_GT(signal_to_noise_dB(sound, read), kCodecNoise_dB);
}

TEST(LoadAudio, ResamplesOnlyWhereAsked) {
  const auto path = written("rate.wav", encode_audio(tones(48'000, 2, 48'000), AudioFormat::kWav));
  EXPECT_EQ(load_audio(path).sample_rate_hz, 48'000);
  const Waveform read = load_audio(path, {.sample_rate_hz = 16'000});
  EXPECT_EQ(read.sample_rate_hz, 16'000);
  EXPECT_NEAR(static_cast<double>(read.length()), 16'000, 32);  // the filter of the resampler ends before or after
  EXPECT_GT(signal_to_noise_dB(tones(16'000, 2, 16'000), read), 40);  // tones far below 8 kHz pass whole
}

TEST(LoadAudio, RefusesNumbersThatAreNoSound) {
  for (const float sample : {NAN, INFINITY, 1e20F}) {
    Waveform sound = tones(8000, 1, 1000);
    sound.samples[500] = sample;
    const auto path = written("broken.wav", wav_of(sound, kWavKinds[4]));
    EXPECT_THAT(samples::error_of([&] { load_audio(path); }),
                testing::AllOf(testing::HasSubstr(path.string()), testing::HasSubstr("expected numbers around")));
  }
}

}  // namespace
}  // namespace epalm::media
