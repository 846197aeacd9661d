#include "cli/interrupt.h"

#include <csignal>

#include <atomic>

namespace epalm::cli {
namespace {

std::atomic<bool> asked_to_stop{false};
static_assert(std::atomic<bool>::is_always_lock_free, "set inside a signal handler");

void on_signal(int) {
  asked_to_stop = true;
}

}  // namespace

void catch_interrupts() {
  struct sigaction action = {};
  action.sa_handler = on_signal;
  // SA_RESETHAND: the second signal ends the process. No SA_RESTART: waiting for input ends.
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() {
  return asked_to_stop;
}

}  // namespace epalm::cli
