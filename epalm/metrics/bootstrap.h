#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace epalm::metrics {

struct Interval {
  double low = 0, high = 0;
};

struct BootstrapOptions {
  int64_t resamples = 1000;  // 0: none
  uint64_t seed = 42;
};

// Measures from the sums of the items' statistics, always equally many; NaN where the items tell nothing of one.
using MeasureSums = std::function<std::vector<double>(std::span<const double> sums)>;

// 95 % confidence intervals of measures: their percentiles over sets of as many items, drawn with replacement. The same
// on every machine for the same seed. statistics: one row of `columns` numbers for each item. Sets
// for which a measure is NaN do not count for it. Empty without items or resamples. Source: Efron 1979.
std::vector<Interval> bootstrap(std::span<const double> statistics, size_t columns, const MeasureSums& measure,
                                const BootstrapOptions& options = {});

}  // namespace epalm::metrics
