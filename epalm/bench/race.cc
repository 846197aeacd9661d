#include "epalm/bench/race.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <vector>

#include "epalm/base/error.h"

namespace epalm::bench {
namespace {

constexpr double kMostRepeats = 1e6;

double now_s(Clock clock) {
  timespec time{};
  clock_gettime(clock == Clock::kWall ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// Seconds for one call, over `repeats` of them; above 0.
double sample_s(const std::function<void()>& work, int repeats, Clock clock) {
  const double begin = now_s(clock);
  for (int i = 0; i < repeats; ++i) work();
  return std::max(now_s(clock) - begin, 1e-9) / repeats;
}

int repeats_for(double once_s, double least_s) {
  return static_cast<int>(std::clamp(std::ceil(least_s / once_s), 1.0, kMostRepeats));
}

}  // namespace

RaceResult race(const std::function<void()>& ours, const std::function<void()>& twin, const RaceOptions& options) {
  const int ours_repeats = repeats_for(sample_s(ours, 1, options.clock), options.least_s);
  const int twin_repeats = repeats_for(sample_s(twin, 1, options.clock), options.least_s);
  std::vector<double> ours_s, twin_s, ratios;
  for (int round = 0; round < options.rounds; ++round) {
    ours_s.push_back(sample_s(ours, ours_repeats, options.clock));
    twin_s.push_back(sample_s(twin, twin_repeats, options.clock));
    ratios.push_back(twin_s.back() / ours_s.back());
  }
  return {median(ours_s), median(twin_s), median(ratios)};
}

double seconds_of(const std::function<void()>& work) {
  return sample_s(work, 1, Clock::kWall);
}

double median_seconds_of(const std::function<void()>& work, int rounds) {
  work();
  std::vector<double> seconds;
  for (int round = 0; round < rounds; ++round) seconds.push_back(seconds_of(work));
  return median(std::move(seconds));
}

double median(std::vector<double> values) {
  EPALM_ASSERT(!values.empty());
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 != 0 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace epalm::bench
