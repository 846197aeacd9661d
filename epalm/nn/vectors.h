#pragma once

#include <cstdint>
#include <cstring>
#include <initializer_list>

#include "epalm/nn/cpu_clones.h"

// What a clone calls.
#define EPALM_INLINE __attribute__((always_inline)) inline

namespace epalm::nn {

constexpr int64_t kLanes = 16;
constexpr int64_t kNumbersOfATask = 1 << 15;  // so few are not worth another thread

// Vectors of the compiler: one register with AVX-512, several elsewhere.
typedef float Floats __attribute__((vector_size(kLanes * sizeof(float))));
typedef int32_t Ints __attribute__((vector_size(kLanes * sizeof(int32_t))));
typedef uint32_t Words __attribute__((vector_size(kLanes * sizeof(uint32_t))));
typedef int8_t SignedBytes __attribute__((vector_size(kLanes)));
typedef uint8_t Bytes __attribute__((vector_size(kLanes)));
typedef int16_t Shorts __attribute__((vector_size(kLanes * sizeof(int16_t))));
typedef uint16_t Halves __attribute__((vector_size(kLanes * sizeof(uint16_t))));

template <typename Vector>
EPALM_INLINE void load(Vector& to, const void* from) {
  std::memcpy(&to, from, sizeof(to));
}

EPALM_INLINE float sum_of(const Floats& numbers) {
  float lanes[kLanes];
  std::memcpy(lanes, &numbers, sizeof(lanes));
  for (int64_t half = kLanes / 2; half > 0; half /= 2) {
    for (int64_t lane = 0; lane < half; ++lane) lanes[lane] += lanes[lane + half];
  }
  return lanes[0];
}

// Rounded to bfloat16: to the nearest, ties to even; numbers are finite or the NaN that arithmetic gives.
EPALM_INLINE void round_to(Halves& to, const Floats& numbers) {
  Words words;
  std::memcpy(&words, &numbers, sizeof(words));
  to = __builtin_convertvector((words + 0x7FFF + ((words >> 16) & 1)) >> 16, Halves);
}

// x becomes e^x, for x <= 0, within 2^-22 of itself and at least e^-87: 2^n e^r with |r| <= ln 2 / 2 and the series of
// e^r up to r^6.
EPALM_INLINE void raise(Floats& x) {
  constexpr float kLog2e = 1.44269504F, kLn2High = 0.693359375F, kLn2Low = -2.12194440e-4F;
  constexpr float kToInteger = 12582912;  // 1.5 · 2^23: added and taken away, it leaves the nearest integer
  x = x < -87 ? Floats{} - 87 : x;
  const Floats n = (x * kLog2e + kToInteger) - kToInteger;
  const Floats r = (x - n * kLn2High) - n * kLn2Low;
  Floats series = r * (1.0F / 720) + 1.0F / 120;
  for (const float term : {1.0F / 24, 1.0F / 6, 0.5F, 1.0F, 1.0F}) series = series * r + term;
  const Ints exponent = (__builtin_convertvector(n, Ints) + 127) << 23;
  Floats power;
  load(power, &exponent);
  x = series * power;
}

}  // namespace epalm::nn
