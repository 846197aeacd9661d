#pragma once

#include <cstdint>

namespace epalm::nn {

// What becomes of a product before it is written: nothing, or rounding to bfloat16, of it, of its exact GELU or of what
// ReLU lets through.
enum class Finish { kNone, kRound, kGeluAndRound, kReluAndRound };

// Rows of sums on their way out, up to so many columns as the writer says.
struct ProductTarget {
  void* to;  // float32 or bfloat16, as the finish says
  int64_t stride;
  int64_t rows, columns;
  const float* bias = nullptr;  // of the columns
  Finish finish = Finish::kNone;
  const float* factors = nullptr;      // of the rows
  const uint16_t* positive = nullptr;  // as `to`: where these are not above 0, a rounded number becomes 0
};

}  // namespace epalm::nn
