#include "epalm/media/fbank.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>

#include "epalm/base/error.h"
#include "epalm/base/python_random.h"
#include "epalm/media/cascade_sum.h"

namespace epalm::media {
namespace {

constexpr double kPi = std::numbers::pi;

std::vector<float> noise(size_t length, uint64_t seed, double height = 0.5) {
  PythonRandom random(seed);
  std::vector<float> values(length);
  for (float& value : values) value = static_cast<float>(random.uniform(-height, height));
  return values;
}

// The definition (SPEC.md §7.3) in double precision, by a plain Fourier sum: [frames, mel_bins].
std::vector<double> plain_fbank(const std::vector<float>& samples, int rate_hz, int mel_bins) {
  const int window = rate_hz * 25 / 1000;
  const int shift = rate_hz * 10 / 1000;
  int size = 1;
  while (size < window) size *= 2;
  const auto mel = [](double hz) { return 1127 * std::log(1 + hz / 700); };
  const double low = mel(20);
  const double step = (mel(rate_hz / 2.0) - low) / (mel_bins + 1);
  std::vector<double> result;
  for (int start = 0; start + window <= static_cast<int>(samples.size()); start += shift) {
    double mean = 0;
    for (int i = 0; i < window; ++i) mean += samples[static_cast<size_t>(start + i)];
    mean /= window;
    std::vector<double> frame;
    for (int i = 0; i < window; ++i) {
      const double now = samples[static_cast<size_t>(start + i)] - mean;
      const double before = samples[static_cast<size_t>(start + std::max(0, i - 1))] - mean;
      frame.push_back((now - 0.97 * before) * (0.5 - 0.5 * std::cos(2 * kPi * i / (window - 1))));
    }
    std::vector<double> power;
    for (int line = 0; line < size / 2; ++line) {
      std::complex<double> sum;
      for (int i = 0; i < window; ++i) {
        sum +=
            frame[static_cast<size_t>(i)] * std::polar(1.0, -2 * kPi * (static_cast<int64_t>(line) * i % size) / size);
      }
      power.push_back(std::norm(sum));
    }
    for (int bin = 0; bin < mel_bins; ++bin) {
      double energy = 0;
      for (int line = 0; line < size / 2; ++line) {
        const double at = (mel(static_cast<double>(line) * rate_hz / size) - low) / step - bin;  // 1 at the middle
        energy += std::max(0.0, std::min(at, 2 - at)) * power[static_cast<size_t>(line)];
      }
      result.push_back(std::log(std::max(energy, 1.1920929e-07)));
    }
  }
  return result;
}

class FbankRates : public testing::TestWithParam<int> {};

// Noise fills every band about equally. A float32 transform of up to 2048 values is wrong by 2^-24 log2(2048) of the
// root mean square of its lines, at most 7e-7; a line that is small by chance, 1/100 of that mean, alone in its band,
// shows twice the hundredfold: 1.3e-4. The position of the lines on the mel scale, float32 numbers up to 2840, is wrong
// by 1.2e-4 of a scale on which a triangle of 128 is 22 wide: 1e-5 of its height, the hundredfold at its foot.
constexpr double kFloatTolerance = 1e-3;

TEST_P(FbankRates, MatchThePlainDefinition) {
  const int rate = GetParam();
  const auto samples = noise(static_cast<size_t>(rate / 10 + 57), 1);
  for (const int bins : {40, 128}) {
    const Fbank fbank(rate, bins);
    const std::vector<float> got = fbank(samples);
    const std::vector<double> expected = plain_fbank(samples, rate, bins);
    ASSERT_EQ(got.size(), expected.size());
    for (size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], expected[i], kFloatTolerance) << "value " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Rates, FbankRates, testing::Values(8000, 11'025, 16'000, 22'050, 44'100, 48'000));

TEST(Fbank, CountsWholeFrames) {
  const Fbank fbank(16'000);
  EXPECT_EQ(fbank.frames_of(399), 0);
  EXPECT_EQ(fbank.frames_of(400), 1);
  EXPECT_EQ(fbank.frames_of(559), 1);
  EXPECT_EQ(fbank.frames_of(560), 2);
  EXPECT_EQ(fbank.frames_of(163'840), 1022);
  EXPECT_EQ(fbank(noise(560, 2)).size(), 2U * 128);
}

TEST(Fbank, GivesTheFloorForSilence) {
  for (const float value : Fbank(16'000)(std::vector<float>(800, 0.25F))) {
    EXPECT_EQ(value, std::log(std::numeric_limits<float>::epsilon()));
  }
}

TEST(Fbank, StopsWhereAsked) {
  const Fbank fbank(16'000, 64);
  const auto samples = noise(16'000, 3);
  const auto all = fbank(samples);
  for (const int64_t frames : {0, 1, 3, 4, 5, 97}) {
    const auto some = fbank(samples, frames);
    ASSERT_EQ(std::ssize(some), frames * 64);
    EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin())) << frames;
  }
}

TEST(Fbank, HearsATone) {
  std::vector<float> tone(4000);
  for (size_t i = 0; i < tone.size(); ++i) tone[i] = static_cast<float>(0.5 * std::sin(2 * kPi * 1000 * i / 16'000.0));
  const auto features = Fbank(16'000)(tone);
  const auto mel = [](double hz) { return 1127 * std::log(1 + hz / 700); };
  // The triangle whose middle is nearest to 1000 Hz.
  const double bin = (mel(1000) - mel(20)) / ((mel(8000) - mel(20)) / 129) - 1;
  const auto loudest = std::max_element(features.begin(), features.begin() + 128) - features.begin();
  EXPECT_NEAR(static_cast<double>(loudest), bin, 1.0);
}

TEST(Fbank, RefusesWhatCannotBe) {
  EXPECT_THROW(Fbank(99), Error);
  EXPECT_THROW(Fbank(1'000'000), Error);
  EXPECT_THROW(Fbank(16'000, 0), Error);
  EXPECT_THROW(Fbank(16'000, 5000), Error);
  EXPECT_THROW(Fbank(16'000)(noise(399, 4)), Error);
  EXPECT_NO_THROW(Fbank{Fbank::kMinSampleRate_hz});
  EXPECT_NO_THROW(Fbank{Fbank::kMaxSampleRate_hz});
}

TEST(RealFft, MatchesTheFourierSum) {
  for (const int size : {2, 4, 8, 32, 64, 512}) {
    const auto values = noise(static_cast<size_t>(size) * Lanes::kCount, 5);
    std::vector<Lanes> signal(static_cast<size_t>(size));
    std::vector<Lanes> scratch(signal.size());
    for (size_t i = 0; i < signal.size(); ++i) {
      for (size_t lane = 0; lane < Lanes::kCount; ++lane) signal[i].values[lane] = values[i * Lanes::kCount + lane];
    }
    RealFft(size).transform(signal, scratch);
    // Each of log2(size) passes rounds numbers of at most size/2 to 2^-24 of them.
    const double tolerance = size / 2.0 * std::log2(size) * std::exp2(-24);
    for (size_t lane = 0; lane < Lanes::kCount; ++lane) {
      for (int line = 0; line <= size / 2; ++line) {
        std::complex<double> sum;
        for (int i = 0; i < size; ++i) {
          sum += static_cast<double>(values[static_cast<size_t>(i) * Lanes::kCount + lane]) *
                 std::polar(1.0, -2 * kPi * (line * i % size) / size);
        }
        const auto at = static_cast<size_t>(line);
        EXPECT_NEAR(signal[line == 0 ? 0 : 2 * at - 1].values[lane], sum.real(), tolerance) << size << " line " << line;
        if (line > 0 && line < size / 2) {
          EXPECT_NEAR(signal[2 * at].values[lane], sum.imag(), tolerance) << size << " line " << line;
        }
      }
    }
  }
  for (const int size : {-4, 0, 1, 3, 100, 1 << 25}) EXPECT_THROW(RealFft{size}, Error) << size;
}

TEST(CascadeSum, AddsEverythingUp) {
  for (const size_t length : {0U, 1U, 7U, 8U, 31U, 32U, 33U, 400U, 1000U, 100'000U}) {
    std::vector<float> ones(length, 1.0F);
    EXPECT_EQ(cascade_sum(ones), static_cast<float>(length));
    const auto values = noise(length, 6, 1.0);
    double exact = 0;
    for (const float value : values) exact += value;
    // Chains of at most 16 + 3 numbers and partial sums of them, each below `length`, rounded to 2^-24.
    EXPECT_NEAR(cascade_sum(values), exact, 1e-6 * std::sqrt(static_cast<double>(length)) + 1e-6) << length;
  }
}

}  // namespace
}  // namespace epalm::media
