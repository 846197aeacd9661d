#include "epalm/metrics/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "epalm/base/error.h"

namespace epalm::metrics {
namespace {

constexpr double kTail = 0.025;

// Linear between neighbours, as NumPy's percentile.
double quantile(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return std::nan("");
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - std::floor(place)) * (sorted[above] - sorted[below]);
}

}  // namespace

std::vector<Interval> bootstrap(std::span<const double> statistics, size_t columns, const MeasureSums& measure,
                                const BootstrapOptions& options) {
  EPALM_ASSERT(columns > 0 && statistics.size() % columns == 0);
  const size_t items = statistics.size() / columns;
  if (items == 0 || options.resamples <= 0) return {};
  std::mt19937_64 random(options.seed);
  std::vector<std::vector<double>> values;  // [measure][resample]
  std::vector<double> sums(columns);
  for (int64_t resample = 0; resample < options.resamples; ++resample) {
    std::fill(sums.begin(), sums.end(), 0.0);
    for (size_t i = 0; i < items; ++i) {
      // The high half of the product: the library's distributions differ between implementations.
      const auto drawn = static_cast<size_t>((static_cast<unsigned __int128>(random()) * items) >> 64);
      const double* row = statistics.data() + drawn * columns;
      for (size_t column = 0; column < columns; ++column) sums[column] += row[column];
    }
    const auto measured = measure(sums);
    values.resize(measured.size());
    for (size_t i = 0; i < measured.size(); ++i) {
      if (std::isfinite(measured[i])) values[i].push_back(measured[i]);
    }
  }
  std::vector<Interval> intervals;
  for (auto& each : values) {
    std::sort(each.begin(), each.end());
    intervals.push_back({quantile(each, kTail), quantile(each, 1 - kTail)});
  }
  return intervals;
}

}  // namespace epalm::metrics
