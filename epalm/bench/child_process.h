#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace epalm::bench {

struct ChildResult {
  std::string text;
  double peak_rss_gb = 0;  // 10^9 bytes that were resident at once, program and libraries included
};

// Runs work() in a copy of this process, so that its memory is its own and its end harms nobody. The copy has no other
// threads: nothing may have been computed here before that keeps some waiting. interrupted: polled; when it says yes
// the child is ended and Interrupted thrown. Throws Error with the words of an exception of work(), or for a child that
// a signal ended.
ChildResult in_child_process(const std::function<std::string()>& work, const std::function<bool()>& interrupted = {});

// In a child: peak_rss_gb tells of what is done from here on, not of what its preparation took.
void forget_peak_rss();

// Runs a program found on the PATH without input and output and waits for its end. Its exit code (128 + signal for one
// that a signal ended), none where there is no such program.
std::optional<int> run_program(const std::vector<std::string>& arguments);

}  // namespace epalm::bench
