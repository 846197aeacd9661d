#pragma once

#include <fmt/ranges.h>

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "epalm/base/error.h"

namespace epalm {

// Dimension letters, used in every comment and nowhere else with another meaning:
//   B batch   T text tokens   P patches   F frames   Dv encoder width   D LM width
//   H heads   V vocabulary    L layers    N prompt rows   n injected encoder states
//   K perceptual rows: 1, or every token of a state

inline constexpr int64_t kAny = -1;

// Throws std::logic_error unless the sizes are the expected ones (kAny matches every size).
// tensor: anything with sizes() that has begin()/end() (at::Tensor).
template <typename Tensor>
void check_shape(const Tensor& tensor, std::initializer_list<int64_t> expected, std::string_view what) {
  const auto sizes = tensor.sizes();
  bool same = sizes.size() == expected.size();
  auto size = sizes.begin();
  for (auto e = expected.begin(); same && e != expected.end(); ++e, ++size) same = *e == kAny || *e == *size;
  if (!same) {
    throw std::logic_error(fmt::format("{}: expected shape [{}] (-1 = any), got [{}]", what, fmt::join(expected, ","),
                                       fmt::join(sizes.begin(), sizes.end(), ",")));
  }
}

}  // namespace epalm
