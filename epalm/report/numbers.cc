#include "epalm/report/numbers.h"

#include <fmt/format.h>

#include <cmath>

namespace epalm::report {

std::string with_thousands(int64_t number) {
  const std::string digits = std::to_string(number);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    const bool after_digit = i > 0 && digits[i - 1] != '-';
    if (after_digit && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string fixed(double number, int decimals) {
  if (!is_drawable(number)) return kNoNumber;
  return fmt::format("{:.{}f}", number, decimals);
}

bool is_drawable(double number) {
  return std::isfinite(number) && std::abs(number) < 1e15;
}

}  // namespace epalm::report
