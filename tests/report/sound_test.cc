#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "epalm/base/error.h"
#include "epalm/report/sound_chart.h"
#include "epalm/report/spectrogram.h"
#include "tests/report/markup.h"

namespace epalm::report {
namespace {

using testing::HasSubstr;
using testing::Not;

// The plot is x 46..306, the waveform y 4 (full scale up) to 64 (full scale down).
TEST(SoundChart, WaveformGoesFromTheLowestToTheHighestSample) {
  const std::string svg = sound_chart({.samples = {1, -0.5F}, .sample_rate_hz = 2}, "a sound", "recording 1");
  EXPECT_EQ(fault_in_markup(svg), "");
  EXPECT_THAT(svg, HasSubstr(R"(d="M111.0,4.0 L241.0,49.0 L241.0,49.6 L111.0,4.6 Z")"));
  EXPECT_THAT(svg, HasSubstr(R"(aria-label="a sound")"));
  EXPECT_THAT(sound_chart({.samples = {0.25F}, .sample_rate_hz = 1, .full_scale = 0.5}, "", ""),
              HasSubstr("M176.0,19.0 "));  // half way up
}

TEST(SoundChart, LongSoundIsSummedUpWithoutLosingAPeak) {
  std::vector<float> samples(100'000);
  samples[54'321] = -1;
  const std::string svg = sound_chart({.samples = samples, .sample_rate_hz = 16'000}, "", "");
  EXPECT_LT(svg.size(), 20'000);
  EXPECT_THAT(svg, HasSubstr(",64.6"));
}

TEST(SoundChart, TimeAxisIsThatOfTheSound) {
  const std::string svg = sound_chart({.samples = std::vector<float>(250), .sample_rate_hz = 100}, "", "");
  EXPECT_THAT(svg, HasSubstr(">0.0 s</text>"));
  EXPECT_THAT(svg, HasSubstr(">2.5</text>"));
  EXPECT_THAT(svg, Not(HasSubstr(">3.0</text>")));
}

TEST(SoundChart, SpectrogramHasItsFrequencies) {
  Sound sound{.samples = {0}, .sample_rate_hz = 16'000, .spectrogram = {{std::byte{1}}, "image/png"}};
  EXPECT_THAT(sound_chart(sound, "", ""), testing::AllOf(HasSubstr("base64,AQ=="), HasSubstr(">1 kHz</text>"),
                                                         HasSubstr(">4 kHz</text>"), Not(HasSubstr(">10 kHz</text>"))));
  sound.high_hz = 22'050;
  EXPECT_THAT(sound_chart(sound, "", ""), HasSubstr(">10 kHz</text>"));
  sound.high_hz = std::nan("");
  EXPECT_EQ(fault_in_markup(sound_chart(sound, "", "")), "");
}

TEST(SoundChart, SilenceAndNoNumbersAreNoFailure) {
  const float nan = std::nanf(""), infinite = std::numeric_limits<float>::infinity();
  for (const auto& samples : {std::vector<float>{}, {nan, infinite, -infinite}, {1e30F}}) {
    const std::string svg = sound_chart({.samples = samples, .sample_rate_hz = 1}, "", "");
    EXPECT_EQ(fault_in_markup(svg), "");
    EXPECT_THAT(svg, Not(HasSubstr("nan")));
    EXPECT_THAT(svg, Not(HasSubstr("inf")));
  }
  EXPECT_THROW(sound_chart({.samples = {0}}, "", ""), Error);
  EXPECT_THROW(sound_chart({.samples = {0}, .sample_rate_hz = 1, .full_scale = nan}, "", ""), Error);
}

TEST(Spectrogram, TimeGoesRightAndFrequencyUp) {
  // Two frames of three bins; only the highest bin of the second frame is loud.
  const Pixels picture = spectrogram_pixels(std::vector<float>{-99, -99, -99, -99, -99, 0}, 2, 3);
  EXPECT_EQ(picture.width, 2);
  EXPECT_EQ(picture.height, 3);
  const auto brightness = [&](size_t x, size_t y) {
    const uint8_t* pixel = picture.rgb.data() + (y * 2 + x) * 3;
    return pixel[0] + pixel[1] + pixel[2];
  };
  EXPECT_GT(brightness(1, 0), 600);
  for (const auto& [x, y] : {std::pair(0, 0), {0, 1}, {1, 1}, {0, 2}, {1, 2}}) {
    EXPECT_EQ(brightness(static_cast<size_t>(x), static_cast<size_t>(y)), 4);
  }
}

TEST(Spectrogram, BrightnessRisesWithLoudness) {
  std::vector<float> levels;
  for (int i = 0; i < 200; ++i) levels.push_back(static_cast<float>(i) * 0.07F);
  const Pixels picture = spectrogram_pixels(levels, 200, 1);
  double last = -1;
  for (size_t i = 0; i < 200; ++i) {
    const uint8_t* pixel = picture.rgb.data() + i * 3;
    const double luma = 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2];
    EXPECT_GE(luma, last);
    last = luma;
  }
  EXPECT_GT(last, 230);
}

TEST(Spectrogram, NoNumbersAreBlackAndSizesAreChecked) {
  const float nan = std::nanf("");
  EXPECT_EQ(spectrogram_pixels(std::vector<float>{nan, -INFINITY, INFINITY}, 3, 1).rgb,
            (std::vector<uint8_t>{0, 0, 4, 0, 0, 4, 0, 0, 4}));
  EXPECT_THROW(spectrogram_pixels(std::vector<float>(5), 2, 3), Error);
  EXPECT_THROW(spectrogram_pixels({}, 0, 0), Error);
}

}  // namespace
}  // namespace epalm::report
