#include "epalm/bench/growth_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <span>

#include "epalm/base/atomic_write.h"
#include "epalm/base/error.h"
#include "epalm/report/axis.h"
#include "epalm/report/escape.h"
#include "epalm/report/numbers.h"

namespace epalm::bench {
namespace {

using report::Axis;
using report::escape_html;

// In units of the SVG: the picture, a panel in it, and the plot within a panel.
constexpr size_t kColumns = 3;
constexpr double kMargin = 28, kHead = 84, kFoot = 40;
constexpr double kPanelWidth = 344, kPanelHeight = 276, kGap = 16;
constexpr double kLeft = 58, kRight = kPanelWidth - 24, kTop = 62, kBottom = kPanelHeight - 56;

constexpr const char* kStyle =
    "text { font-family: system-ui, 'Segoe UI', 'Noto Sans', 'DejaVu Sans', sans-serif; font-size: 12px; "
    "fill: #596578; }\n"
    ".title { font-size: 22px; font-weight: 650; fill: #18202c; }\n"
    ".name { font-size: 14px; font-weight: 600; fill: #18202c; }\n"
    ".value { font-weight: 600; fill: #2563eb; }\n"
    ".page { fill: #f5f7fa; } .panel { fill: #fff; stroke: #dce1e9; }\n"
    ".grid { stroke: #e7ebf1; } .axis { stroke: #596578; }\n"
    ".curve { fill: none; stroke: #2563eb; stroke-width: 2.25; stroke-linejoin: round; stroke-linecap: round; }\n"
    ".even { stroke: #8c97a8; stroke-width: 1.5; stroke-dasharray: 5 4; }\n"
    "circle { fill: #2563eb; stroke: #fff; stroke-width: 1.5; }\n";

double greatest(const GrowthCurve& curve, double (*of)(const std::pair<double, double>&)) {
  double most = 0;
  for (const auto& point : curve.points) most = std::max(most, of(point));
  return most > 0 ? most : 1;
}

std::string panel(const GrowthCurve& curve) {
  const Axis x = report::axis_over(0, greatest(curve, [](const auto& point) { return point.first; }), 4);
  const Axis y = report::axis_over(0, greatest(curve, [](const auto& point) { return point.second; }), 4);
  const auto at_x = [&](double value) { return x.place(value, kLeft, kRight); };
  const auto at_y = [&](double value) { return y.place(value, kBottom, kTop); };
  std::string svg;
  auto out = std::back_inserter(svg);
  fmt::format_to(out, R"(<rect class="panel" width="{}" height="{}" rx="10"/>)", kPanelWidth, kPanelHeight);
  fmt::format_to(out, R"(<text class="name" x="16" y="26">{}</text>)", escape_html(curve.title));
  fmt::format_to(out, R"(<text x="16" y="46">{}</text>)", escape_html(curve.y_title));
  for (int i = 0; i < y.ticks(); ++i) {
    const double at = at_y(y.tick(i));
    fmt::format_to(out, R"(<line class="{}" x1="{}" y1="{:.1f}" x2="{}" y2="{:.1f}"/>)", i == 0 ? "axis" : "grid",
                   kLeft, at, kRight, at);
    fmt::format_to(out, R"(<text x="{}" y="{:.1f}" text-anchor="end">{}</text>)", kLeft - 8, at + 4, y.tick_text(i));
  }
  for (int i = 0; i < x.ticks(); ++i) {
    const double at = at_x(x.tick(i));
    fmt::format_to(out, R"(<line class="axis" x1="{0:.1f}" y1="{1}" x2="{0:.1f}" y2="{2}"/>)", at, kBottom,
                   kBottom + 4);
    fmt::format_to(out, R"(<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>)", at, kBottom + 19, x.tick_text(i));
  }
  fmt::format_to(out, R"(<text x="{}" y="{}" text-anchor="middle">{}</text>)", (kLeft + kRight) / 2, kPanelHeight - 14,
                 escape_html(curve.x_title));
  if (curve.points.empty()) return svg;
  const auto& [last_x, last_y] = curve.points.back();
  fmt::format_to(out, R"(<line class="even" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>)", at_x(0), at_y(0),
                 at_x(last_x), at_y(last_y));
  std::string line, dots;
  for (const auto& [px, py] : curve.points) {
    fmt::format_to(std::back_inserter(line), "{}{:.1f},{:.1f}", line.empty() ? "M" : " L", at_x(px), at_y(py));
    fmt::format_to(std::back_inserter(dots), R"(<circle cx="{:.1f}" cy="{:.1f}" r="4"/>)", at_x(px), at_y(py));
  }
  fmt::format_to(out, R"(<path class="curve" d="{}"/>{})", line, dots);
  fmt::format_to(out, R"(<text class="value" x="{:.1f}" y="{:.1f}" text-anchor="end">{}</text>)", at_x(last_x) + 8,
                 at_y(last_y) - 10,
                 last_y < 100 ? fmt::format("{:.3g}", last_y) : report::with_thousands(std::llround(last_y)));
  return svg;
}

}  // namespace

std::string growth_svg(const std::string& title, const std::string& subtitle, const std::vector<GrowthCurve>& curves) {
  const size_t rows = (curves.size() + kColumns - 1) / kColumns;
  const double width = 2 * kMargin + kColumns * (kPanelWidth + kGap) - kGap;
  const double height = kHead + static_cast<double>(rows) * (kPanelHeight + kGap) - kGap + kFoot;
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" role=\"img\" "
      "aria-label=\"{2}\">\n<style>\n{3}</style>\n<rect class=\"page\" width=\"{0}\" height=\"{1}\"/>\n",
      width, height, escape_html(title), kStyle);
  auto out = std::back_inserter(svg);
  fmt::format_to(out, "<text class=\"title\" x=\"{0}\" y=\"42\">{1}</text>\n<text x=\"{0}\" y=\"66\">{2}</text>\n",
                 kMargin, escape_html(title), escape_html(subtitle));
  for (size_t i = 0; i < curves.size(); ++i) {
    fmt::format_to(out, "<g transform=\"translate({} {})\">{}</g>\n",
                   kMargin + static_cast<double>(i % kColumns) * (kPanelWidth + kGap),
                   kHead + static_cast<double>(i / kColumns) * (kPanelHeight + kGap), panel(curves[i]));
  }
  fmt::format_to(out, "<text x=\"{}\" y=\"{}\">{}</text>\n</svg>\n", kMargin, height - 14,
                 "Dashed: a cost in proportion to what is counted, up to the last point.");
  return svg;
}

std::vector<GrowthCurve> plot_growth(const std::filesystem::path& file, const infer::Machine& machine,
                                     const GrowthOptions& options) {
  require(!std::filesystem::is_directory(file), "'{}' is a folder; name the SVG file to write", file.string());
  AtomicFile written(file);
  const auto curves = measure_growth(options);
  const std::string where = fmt::format("{}, {} {}, libtorch {}, weights in bfloat16", machine.cpu, machine.threads,
                                        machine.threads == 1 ? "thread" : "threads", machine.libraries.at("libtorch"));
  const std::string svg = growth_svg("How the cost grows", where, curves);
  written.write(std::as_bytes(std::span(svg)));
  written.commit();
  return curves;
}

}  // namespace epalm::bench
