#pragma once

#include <optional>
#include <string>
#include <vector>

namespace epalm::report {

// The bars of one label, one for each series of the chart; an empty or NaN value has no bar.
struct BarGroup {
  std::string label;
  std::vector<std::optional<double>> values;
};

struct BarChart {
  std::string title;
  std::string unit;  // of all values
  std::vector<std::string> series;
  std::vector<BarGroup> groups;
};

// An HTML <figure> with horizontal bars as inline SVG, their values beside them, and a legend of the series. Negative
// values are drawn as zero.
std::string bar_chart(const BarChart& chart);

}  // namespace epalm::report
