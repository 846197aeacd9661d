#pragma once

#include <functional>
#include <string>

#include "epalm/base/error.h"

namespace epalm::encoders {

// What the Error says that `action` throws.
inline std::string refusal(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace epalm::encoders
