#include "epalm/report/axis.h"

#include <algorithm>
#include <cmath>

#include "epalm/report/numbers.h"

namespace epalm::report {

int Axis::ticks() const {
  return static_cast<int>(std::lround((high - low) / step)) + 1;
}

std::string Axis::tick_text(int index) const {
  // Rounded to the step, so that a sum like 0.1 + 0.2 shows no trailing digits and zero no sign.
  const double value = std::round(tick(index) / step) * step + 0.0;
  return fixed(value, std::clamp(static_cast<int>(-std::floor(std::log10(step))), 0, 12));
}

Axis axis_over(double low, double high, int intervals) {
  if (low >= 0 && low <= high / 2) low = 0;
  // A range that double precision cannot divide into steps is widened around its middle.
  const double least = std::max({std::abs(low), std::abs(high), 1e-3}) * 1e-6;
  if (high - low < least) {
    const double half = std::max(std::abs(high) / 2, 0.5);
    low -= half;
    high += half;
  }
  const double rough = (high - low) / intervals;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  const double factor = rough / power;
  const double step = power * (factor <= 1.0001 ? 1 : factor <= 2.0001 ? 2 : factor <= 5.0001 ? 5 : 10);
  // A ten-thousandth of a step forgives rounding where a bound lies on a tick.
  return {std::floor(low / step + 1e-4) * step, std::ceil(high / step - 1e-4) * step, step};
}

}  // namespace epalm::report
