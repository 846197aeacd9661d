#include "epalm/base/error.h"

namespace epalm {

void assertion_failed(const char* expression, const char* file, int line) {
  throw std::logic_error(
      fmt::format("internal error: '{}' does not hold ({}:{}); please report it", expression, file, line));
}

}  // namespace epalm
