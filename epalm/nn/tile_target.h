#pragma once

#include <immintrin.h>

#include <cstdint>

#include "epalm/nn/words.h"

// For the files whose functions multiply tiles: what those are compiled for, whatever the rest of the program is.
#define EPALM_TILES \
  __attribute__((target("amx-tile,amx-bf16,amx-int8,avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,f16c")))

namespace epalm::nn {

inline constexpr int64_t kTileRows = 16, kTileRowBytes = 64;

}  // namespace epalm::nn
