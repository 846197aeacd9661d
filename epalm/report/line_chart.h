#pragma once

#include <string>
#include <vector>

namespace epalm::report {

// One value for each step of training, in order; NaN and infinite values leave a gap.
struct Curve {
  std::string name;
  std::vector<double> values;
  std::string unit = {};          // of the values; curves of one unit share a chart, one without a unit has its own
  std::string x_label = "epoch";  // what the steps are, counted from 1
};

// An HTML <figure> with the curves as inline SVG over one pair of axes, a legend with the last values, and the title as
// caption. Curves without a drawable value appear in the legend alone.
std::string line_chart(const std::string& title, const std::vector<Curve>& curves);

}  // namespace epalm::report
