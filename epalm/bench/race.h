#pragma once

#include <functional>
#include <vector>

namespace epalm::bench {

// kWall: seconds that pass. kCpu: seconds of processor time that this process uses, all threads together: what one core
// would take, whatever else the machine does.
enum class Clock { kWall, kCpu };

struct RaceOptions {
  Clock clock = Clock::kWall;
  int rounds = 5;        // each runs both
  double least_s = 0.1;  // shorter work is repeated until a sample takes so long
};

struct RaceResult {
  double ours_s = 0;  // medians over the rounds, for one call
  double twin_s = 0;
  double ratio = 0;  // median of twin / ours within a round: what slows the machine for a while slows both
};

// Runs both once uncounted, then alternately.
RaceResult race(const std::function<void()>& ours, const std::function<void()>& twin, const RaceOptions& options = {});

double seconds_of(const std::function<void()>& work);                     // wall clock
double median_seconds_of(const std::function<void()>& work, int rounds);  // after one uncounted round

double median(std::vector<double> values);  // not empty

}  // namespace epalm::bench
