#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace epalm {

// What a user, a file or a request got wrong: one sentence with what, where, expected, got and what to do.
// The library throws it; only the command line and the server turn it into an exit code or a status.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The user or another signal asked to stop; the command line exits with 130.
class Interrupted : public Error {
 public:
  using Error::Error;
};

template <typename... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
  throw Error(fmt::format(format, std::forward<Args>(args)...));
}

template <typename... Args>
void require(bool condition, fmt::format_string<Args...> format, Args&&... args) {
  if (!condition) throw Error(fmt::format(format, std::forward<Args>(args)...));
}

// Throws std::logic_error: a bug of ours, never a wrong input.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

#define EPALM_ASSERT(expression) \
  ((expression) ? static_cast<void>(0) : ::epalm::assertion_failed(#expression, __FILE__, __LINE__))

}  // namespace epalm
