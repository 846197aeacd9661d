#pragma once

#include <string>

namespace epalm::report {

// A linear scale with ticks at low, low + step, …, high.
struct Axis {
  double low = 0, high = 1, step = 1;

  int ticks() const;
  double tick(int index) const { return low + index * step; }
  std::string tick_text(int index) const;
  // The position of a value between `from` (low) and `to` (high).
  double place(double value, double from, double to) const { return from + (value - low) / (high - low) * (to - from); }
};

// The smallest axis with a step of 1, 2 or 5 times a power of ten and about `intervals` steps that holds [low, high],
// both drawable. Zero is included where it is near: low <= high / 2.
Axis axis_over(double low, double high, int intervals = 5);

}  // namespace epalm::report
