#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "epalm/base/log.h"

namespace epalm::cli {

enum class Unit { kCount, kBytes, kPercent };  // kBytes: shown as megabytes; kPercent: as the share alone

// Standard error: log lines and one progress bar below them. On a terminal the bar redraws itself; elsewhere it becomes
// a plain line every ten seconds and at each end. NO_COLOR and TERM=dumb are respected. Thread-safe.
class Console {
 public:
  static Console& get();

  void log(LogLevel level, std::string_view message);
  // detail: what stands behind the count, as "loss 1.25". eta_s < 0: computed from the time since this label appeared.
  void progress(const std::string& label, int64_t done, int64_t total, const std::string& detail = "",
                double eta_s = -1, Unit unit = Unit::kCount);
  void clear_progress();  // before anything else is printed

  bool terminal() const { return terminal_; }

 private:
  Console();
  void erase_bar();

  using Clock = std::chrono::steady_clock;
  std::mutex mutex_;
  bool terminal_;
  bool color_;
  bool bar_drawn_ = false;
  bool ended_ = false;  // the label reached its total
  std::string label_;
  Clock::time_point label_since_{}, last_shown_{};
};

std::string duration_text(double seconds);  // 42s, 3m 05s, 2h 10m

}  // namespace epalm::cli
