#include "epalm/nn/cpu_isa.h"

#include "epalm/nn/tile_kernels.h"

namespace epalm::nn {

#if defined(__x86_64__)
bool cpu_adds_up_int8() {
  return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512vnni");
}
bool cpu_adds_up_bfloat16() {
  return cpu_adds_up_int8() && __builtin_cpu_supports("avx512bf16");
}
#else
bool cpu_adds_up_int8() {
  return false;
}
bool cpu_adds_up_bfloat16() {
  return false;
}
#endif

bool cpu_multiplies_tiles() {
  return may_use_tiles();
}

}  // namespace epalm::nn
