#pragma once

#include <cstdint>

namespace epalm::nn {

// Lines of 64 bytes that are wanted soon, some of each of several rows: a product asks for them on the way, while the
// memory has nothing else to do.
struct Wanted {
  const char* at = nullptr;
  int64_t lines_of_row = 0, stride = 0;  // stride: bytes
  int64_t lines_of_step = 0;             // that each step of the product asks for
  int64_t column = 0;                    // line of the row
};

// kLocality: 2 for the second cache, 3 for the first.
template <int kLocality = 2>
__attribute__((always_inline)) inline void ask_for(Wanted& w) {
  for (int64_t line = 0; line < w.lines_of_step; ++line) {
    __builtin_prefetch(w.at + w.column * 64, 0, kLocality);
    if (++w.column < w.lines_of_row) continue;
    w.column = 0;
    w.at += w.stride;
  }
}

}  // namespace epalm::nn
