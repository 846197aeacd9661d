#pragma once

#include <algorithm>
#include <array>
#include <chrono>

// The work of bench/peers, as of the rows generate.lm.* of `epalm bench`.
constexpr int kKnownTokens = 20, kNewTokens = 20;

// The median of three runs after one that does not count.
template <typename Work>
double median_seconds_of(Work work) {
  work();
  std::array<double, 3> seconds;
  for (double& run : seconds) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    run = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds[1];
}
