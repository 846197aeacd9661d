#include "epalm/report/bar_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "epalm/report/axis.h"
#include "epalm/report/escape.h"
#include "epalm/report/numbers.h"
#include "epalm/report/utf8.h"

namespace epalm::report {
namespace {

// In units of the SVG.
constexpr double kLeft = 200, kRight = 890, kWidth = 960, kTop = 6;
constexpr double kBar = 14, kBarGap = 3, kGroupGap = 16, kAxisHeight = 42;
constexpr int kLongestLabel = 24;

std::string shortened(std::string_view label) {
  std::string_view rest = label;
  for (int i = 0; i < kLongestLabel && !rest.empty(); ++i) take_character(rest);
  if (rest.empty()) return std::string(label);
  return std::string(label.substr(0, label.size() - rest.size())) + "…";
}

std::optional<double> drawable(const std::optional<double>& value) {
  return value && is_drawable(*value) ? std::optional(std::max(*value, 0.0)) : std::nullopt;
}

}  // namespace

std::string bar_chart(const BarChart& chart) {
  double most = 0;
  for (const BarGroup& group : chart.groups) {
    for (const auto& value : group.values) most = std::max(most, drawable(value).value_or(0));
  }
  const Axis axis = axis_over(0, most > 0 ? most : 1);
  const double group_height = static_cast<double>(chart.series.size()) * (kBar + kBarGap) + kGroupGap;
  const double bottom = kTop + static_cast<double>(chart.groups.size()) * group_height;

  std::string svg;
  auto out = std::back_inserter(svg);
  for (int i = 0; i < axis.ticks(); ++i) {
    const double at = axis.place(axis.tick(i), kLeft, kRight);
    fmt::format_to(out, R"(<line class="{3}" x1="{0:.1f}" y1="{1:.1f}" x2="{0:.1f}" y2="{2:.1f}"/>)", at, kTop, bottom,
                   i == 0 ? "axis" : "grid");
    fmt::format_to(out, R"(<text x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>)", at, bottom + 16,
                   axis.tick_text(i));
  }
  fmt::format_to(out, R"(<text x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>)", (kLeft + kRight) / 2,
                 bottom + 36, escape_html(chart.unit));

  std::string spoken = chart.title;
  double y = kTop + kGroupGap / 2;
  for (const BarGroup& group : chart.groups) {
    fmt::format_to(out, R"(<text class="label" x="{:.1f}" y="{:.1f}" text-anchor="end">{}</text>)", kLeft - 10,
                   y + (group_height - kGroupGap) / 2 + 3, escape_html(shortened(group.label)));
    fmt::format_to(std::back_inserter(spoken), "; {}:", group.label);
    for (size_t i = 0; i < chart.series.size(); ++i) {
      const auto value = drawable(i < group.values.size() ? group.values[i] : std::nullopt);
      const double end = value ? axis.place(*value, kLeft, kRight) : kLeft;
      if (value) {
        fmt::format_to(out, R"(<rect class="s{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="2"/>)", i,
                       kLeft, y, end - kLeft, kBar);
      }
      const std::string text = value ? fixed(*value, 1) : kNoNumber;
      fmt::format_to(out, R"(<text x="{:.1f}" y="{:.1f}">{}</text>)", end + 6, y + kBar - 3, text);
      fmt::format_to(std::back_inserter(spoken), " {} {}", chart.series[i], text);
      y += kBar + kBarGap;
    }
    y += kGroupGap;
  }

  std::string legend;
  for (size_t i = 0; i < chart.series.size(); ++i) {
    fmt::format_to(std::back_inserter(legend), R"(<li><span class="key s{}"></span>{}</li>)", i,
                   escape_html(chart.series[i]));
  }
  return fmt::format(
      "<figure class=\"chart bars\"><figcaption>{}</figcaption><svg viewBox=\"0 0 {} {:.0f}\" role=\"img\" "
      "aria-label=\"{}\">{}</svg><ul class=\"legend\">{}</ul></figure>\n",
      escape_html(chart.title), kWidth, bottom + kAxisHeight, escape_html(spoken), svg, legend);
}

}  // namespace epalm::report
