#include "cli/console.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace epalm::cli {
namespace {

constexpr int kBarWidth = 24;

size_t columns() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

}  // namespace

Console& Console::get() {
  static Console console;
  return console;
}

Console::Console() {
  const char* term = std::getenv("TERM");
  const char* no_color = std::getenv("NO_COLOR");
  terminal_ = isatty(STDERR_FILENO) != 0 && term != nullptr && std::string_view(term) != "dumb";
  color_ = terminal_ && (no_color == nullptr || *no_color == '\0');
}

void Console::erase_bar() {
  if (bar_drawn_) std::fputs("\r\033[K", stderr);
  bar_drawn_ = false;
}

void Console::clear_progress() {
  const std::lock_guard lock(mutex_);
  erase_bar();
  std::fflush(stderr);
  label_.clear();
}

void Console::log(LogLevel level, std::string_view message) {
  if (level == LogLevel::kDebug) return;
  const std::lock_guard lock(mutex_);
  erase_bar();
  const char* mark = level == LogLevel::kWarning ? (color_ ? "\033[33mwarning:\033[0m " : "warning: ") : "";
  fmt::print(stderr, "{}{}\n", mark, message);
}

void Console::progress(const std::string& label, int64_t done, int64_t total, const std::string& detail, double eta_s,
                       Unit unit) {
  const std::lock_guard lock(mutex_);
  const auto now = Clock::now();
  const bool begins = label != label_;
  if (begins) {
    label_ = label;
    label_since_ = last_shown_ = now;
  }
  const bool ends = done >= total;
  if (ends && !begins && ended_) return;
  ended_ = ends;
  const double since_shown = std::chrono::duration<double>(now - last_shown_).count();
  if (!ends && since_shown < (terminal_ ? 0.1 : 10.0) && !(begins && terminal_)) return;
  last_shown_ = now;

  const double elapsed = std::chrono::duration<double>(now - label_since_).count();
  if (eta_s < 0 && done > 0) eta_s = elapsed / static_cast<double>(done) * static_cast<double>(total - done);
  const double share = total > 0 ? std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0) : 1.0;
  std::string tail = fmt::format("{:3.0f}%", std::floor(100 * share));
  if (unit == Unit::kCount) tail += fmt::format(" {}/{}", done, total);
  if (unit == Unit::kBytes) {
    tail += fmt::format(" {:.1f}/{:.1f} MB", static_cast<double>(done) / 1e6, static_cast<double>(total) / 1e6);
  }
  if (eta_s >= 0 && !(ends && eta_s < 1)) tail += "  ETA " + duration_text(eta_s);
  if (!detail.empty()) tail += "  " + detail;  // last: a narrow terminal cuts it off
  if (!terminal_) {
    fmt::print(stderr, "{} {}\n", label, tail);
    return;
  }
  const int filled = static_cast<int>(std::lround(share * kBarWidth));
  const size_t room = columns() - 1;
  tail = tail.substr(0, room > label.size() + kBarWidth + 4 ? room - label.size() - kBarWidth - 4 : 0);
  fmt::print(stderr, "\r\033[K{} {}[{:#<{}}{:-<{}}]{} {}", label, color_ ? "\033[36m" : "", "", filled, "",
             kBarWidth - filled, color_ ? "\033[0m" : "", tail);
  bar_drawn_ = true;
  if (ends) std::fputs("\n", stderr), bar_drawn_ = false;
  std::fflush(stderr);
}

std::string duration_text(double seconds) {
  const auto s = static_cast<int64_t>(std::llround(std::clamp(seconds, 0.0, 1e9)));
  if (s < 60) return fmt::format("{}s", s);
  if (s < 3600) return fmt::format("{}m {:02}s", s / 60, s % 60);
  return fmt::format("{}h {:02}m", s / 3600, s / 60 % 60);
}

}  // namespace epalm::cli
