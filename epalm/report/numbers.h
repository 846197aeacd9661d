#pragma once

#include <cstdint>
#include <string>

namespace epalm::report {

// Stands where there is no number: an absent, infinite or NaN value.
inline constexpr const char* kNoNumber = "–";

// 1234567 -> "1,234,567".
std::string with_thousands(int64_t number);

// Fixed decimals, kNoNumber for NaN and infinities.
std::string fixed(double number, int decimals);

// Whether a chart can place the value: finite and small enough that no sum or difference of two overflows.
bool is_drawable(double number);

}  // namespace epalm::report
