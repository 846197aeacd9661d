#include "epalm/report/sound_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "epalm/base/error.h"
#include "epalm/report/axis.h"
#include "epalm/report/escape.h"

namespace epalm::report {
namespace {

// In units of the SVG.
constexpr double kLeft = 46, kRight = 306, kWidth = 320;
constexpr double kWaveTop = 4, kWaveBottom = 64, kPictureTop = 70, kPictureBottom = 160, kHeight = 180;
constexpr size_t kColumns = 260;  // of the waveform, each from the lowest to the highest sample in it

// 1: the edge of the waveform.
double height_of(float sample, double full_scale) {
  return std::isfinite(sample) ? std::clamp(sample / full_scale, -1.0, 1.0) : 0.0;
}

// One closed shape: along the highest samples and back along the lowest.
std::string waveform_path(const std::vector<float>& samples, double full_scale) {
  const Axis axis{-1, 1, 1};
  const size_t columns = std::min(kColumns, samples.size());
  std::string upper, lower;
  for (size_t i = 0; i < columns; ++i) {
    const auto begin = samples.begin() + static_cast<std::ptrdiff_t>(i * samples.size() / columns);
    const auto end = samples.begin() + static_cast<std::ptrdiff_t>((i + 1) * samples.size() / columns);
    double low = 1, high = -1;
    for (auto sample = begin; sample != end; ++sample) {
      low = std::min(low, height_of(*sample, full_scale));
      high = std::max(high, height_of(*sample, full_scale));
    }
    const double x = kLeft + (static_cast<double>(i) + 0.5) / static_cast<double>(columns) * (kRight - kLeft);
    upper += fmt::format("{}{:.1f},{:.1f}", i == 0 ? "M" : " L", x, axis.place(high, kWaveBottom, kWaveTop));
    // A line of silence still has a width.
    lower = fmt::format(" L{:.1f},{:.1f}", x, axis.place(low, kWaveBottom, kWaveTop) + 0.6) + lower;
  }
  return upper.empty() ? "" : upper + lower + " Z";
}

double mel(double hz) {
  return 1127 * std::log(1 + hz / 700);
}

void draw_frequencies(std::string& svg, const Sound& sound) {
  auto out = std::back_inserter(svg);
  const Axis axis{mel(sound.low_hz), mel(sound.high_hz), 1};
  if (!(axis.low < axis.high)) return;
  for (const auto& [hz, text] :
       {std::pair(300, "300 Hz"), std::pair(1000, "1 kHz"), std::pair(4000, "4 kHz"), std::pair(10'000, "10 kHz")}) {
    const double y = axis.place(mel(hz), kPictureBottom, kPictureTop);
    if (y < kPictureTop + 4 || y > kPictureBottom) continue;
    fmt::format_to(out, R"(<text x="{:.1f}" y="{:.1f}" text-anchor="end">{}</text>)", kLeft - 5, y + 4, text);
  }
}

void draw_times(std::string& svg, double duration_s, double top, double bottom) {
  auto out = std::back_inserter(svg);
  const Axis axis = axis_over(0, duration_s);
  for (int i = 0; i < axis.ticks(); ++i) {
    if (axis.tick(i) > duration_s * 1.0001) break;
    const double x = kLeft + axis.tick(i) / duration_s * (kRight - kLeft);
    fmt::format_to(out, R"(<line class="grid" x1="{0:.1f}" y1="{1:.1f}" x2="{0:.1f}" y2="{2:.1f}"/>)", x, top, bottom);
    fmt::format_to(out, R"(<text x="{:.1f}" y="{:.1f}" text-anchor="middle">{}{}</text>)", x, bottom + 14,
                   axis.tick_text(i), i == 0 ? " s" : "");
  }
}

}  // namespace

std::string sound_chart(const Sound& sound, const std::string& spoken, const std::string& what) {
  require(sound.sample_rate_hz > 0, "report: {} has a sample rate of {}, expected at least 1", what,
          sound.sample_rate_hz);
  require(sound.full_scale > 0, "report: {} has a full scale of {}, expected more than 0", what, sound.full_scale);
  const bool has_picture = !sound.spectrogram.bytes.empty();
  const double bottom = has_picture ? kPictureBottom : kWaveBottom;
  const double duration_s = static_cast<double>(sound.samples.size()) / sound.sample_rate_hz;
  std::string svg = fmt::format(R"(<svg class="sound" viewBox="0 0 {} {}" role="img" aria-label="{}">)", kWidth,
                                kHeight - (kPictureBottom - bottom), escape_html(spoken));
  if (duration_s > 0) draw_times(svg, duration_s, kWaveTop, bottom);
  if (has_picture) {
    fmt::format_to(std::back_inserter(svg),
                   R"(<image x="{}" y="{}" width="{}" height="{}" preserveAspectRatio="none" href="{}"/>)", kLeft,
                   kPictureTop, kRight - kLeft, kPictureBottom - kPictureTop, picture_uri(sound.spectrogram, what));
    draw_frequencies(svg, sound);
  }
  fmt::format_to(std::back_inserter(svg), R"(<path class="wave s0" d="{}"/></svg>)",
                 waveform_path(sound.samples, sound.full_scale));
  return svg;
}

}  // namespace epalm::report
