#include "epalm/report/line_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <optional>

#include "epalm/report/axis.h"
#include "epalm/report/escape.h"
#include "epalm/report/numbers.h"

namespace epalm::report {
namespace {

// In units of the SVG: the plot area and the whole picture.
constexpr double kLeft = 56, kRight = 464, kTop = 16, kBottom = 256, kWidth = 480, kHeight = 300;
constexpr size_t kMostDots = 60;  // more points than this read better as a plain line
constexpr int kColours = 6;       // .s0 … .s5 of the style

// Steps 1..count over the width; a single one in the middle.
double place_step(size_t index, size_t count) {
  if (count == 1) return (kLeft + kRight) / 2;
  return kLeft + static_cast<double>(index) / static_cast<double>(count - 1) * (kRight - kLeft);
}

void draw_grid(std::string& svg, const Axis& y, size_t steps, const Curve& first) {
  auto out = std::back_inserter(svg);
  for (int i = 0; i < y.ticks(); ++i) {
    const double at = y.place(y.tick(i), kBottom, kTop);
    fmt::format_to(out, R"(<line class="grid" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>)", kLeft, at, kRight,
                   at);
    fmt::format_to(out, R"(<text x="{:.1f}" y="{:.1f}" text-anchor="end">{}</text>)", kLeft - 8, at + 4,
                   y.tick_text(i));
  }
  const Axis x = axis_over(0, static_cast<double>(steps), 8);
  const auto stride = std::max<size_t>(1, static_cast<size_t>(x.step));
  for (size_t step = stride == 1 ? 1 : stride; step <= steps; step += stride) {
    const double at = place_step(step - 1, steps);
    fmt::format_to(out, R"(<line class="axis" x1="{0:.1f}" y1="{1:.1f}" x2="{0:.1f}" y2="{2:.1f}"/>)", at, kBottom,
                   kBottom + 5);
    fmt::format_to(out, R"(<text x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>)", at, kBottom + 20, step);
  }
  fmt::format_to(out, R"(<line class="axis" x1="{0:.1f}" y1="{2:.1f}" x2="{1:.1f}" y2="{2:.1f}"/>)", kLeft, kRight,
                 kBottom);
  fmt::format_to(out, R"(<text x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>)", (kLeft + kRight) / 2,
                 kHeight - 6, escape_html(first.x_label));
  if (!first.unit.empty()) {
    fmt::format_to(
        out, R"svg(<text x="14" y="{0:.1f}" text-anchor="middle" transform="rotate(-90 14 {0:.1f})">{1}</text>)svg",
        (kTop + kBottom) / 2, escape_html(first.unit));
  }
}

void draw_curve(std::string& svg, const Curve& curve, size_t steps, const Axis& y, int colour) {
  auto out = std::back_inserter(svg);
  std::string line, dots;
  bool joined = false;
  for (size_t i = 0; i < curve.values.size(); ++i) {
    if (!is_drawable(curve.values[i])) {
      joined = false;
      continue;
    }
    const double at_x = place_step(i, steps), at_y = y.place(curve.values[i], kBottom, kTop);
    fmt::format_to(std::back_inserter(line), "{}{:.1f},{:.1f}", joined ? " L" : line.empty() ? "M" : " M", at_x, at_y);
    joined = true;
    if (curve.values.size() <= kMostDots) {
      fmt::format_to(std::back_inserter(dots), R"(<circle cx="{:.1f}" cy="{:.1f}" r="3"/>)", at_x, at_y);
    }
  }
  if (!line.empty()) fmt::format_to(out, R"(<g class="s{}"><path class="curve" d="{}"/>{}</g>)", colour, line, dots);
}

std::optional<double> last_drawable(const Curve& curve) {
  const auto found = std::find_if(curve.values.rbegin(), curve.values.rend(), is_drawable);
  return found == curve.values.rend() ? std::nullopt : std::optional(*found);
}

}  // namespace

std::string line_chart(const std::string& title, const std::vector<Curve>& curves) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  size_t steps = 0;
  std::string legend, spoken = title;
  for (size_t i = 0; i < curves.size(); ++i) {
    const Curve& curve = curves[i];
    steps = std::max(steps, curve.values.size());
    for (const double value : curve.values) {
      if (!is_drawable(value)) continue;
      low = std::min(low, value);
      high = std::max(high, value);
    }
    const std::optional<double> last = last_drawable(curve);
    const std::string value = last ? fmt::format("{:.4g}", *last) : kNoNumber;
    fmt::format_to(std::back_inserter(legend), R"(<li><span class="key s{}"></span>{} <b>{}</b></li>)", i % kColours,
                   escape_html(curve.name), value);
    fmt::format_to(std::back_inserter(spoken), "; {}: {} {}s, last value {}", curve.name, curve.values.size(),
                   curve.x_label, value);
  }
  std::string svg =
      fmt::format(R"(<svg viewBox="0 0 {} {}" role="img" aria-label="{}">)", kWidth, kHeight, escape_html(spoken));
  if (low <= high) {
    const Axis y = axis_over(low, high);
    draw_grid(svg, y, steps, curves.front());
    for (size_t i = 0; i < curves.size(); ++i) draw_curve(svg, curves[i], steps, y, static_cast<int>(i % kColours));
  } else {
    fmt::format_to(std::back_inserter(svg), R"(<text x="{}" y="{}" text-anchor="middle">no values</text>)", kWidth / 2,
                   kHeight / 2);
  }
  return fmt::format(
      "<figure class=\"chart\"><figcaption>{}</figcaption>{}</svg><ul class=\"legend\">{}</ul></figure>\n",
      escape_html(title), svg, legend);
}

}  // namespace epalm::report
