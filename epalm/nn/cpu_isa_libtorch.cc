#include "epalm/nn/cpu_isa.h"

namespace epalm::nn {

#if defined(__x86_64__)
bool cpu_adds_up_int8() {
  return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512vnni");
}
bool cpu_adds_up_bfloat16() {
  return cpu_adds_up_int8() && __builtin_cpu_supports("avx512bf16");
}
bool cpu_multiplies_tiles() {
  return false;  // libtorch's own products do not
}
#else
bool cpu_adds_up_int8() {
  return false;
}
bool cpu_adds_up_bfloat16() {
  return false;
}
bool cpu_multiplies_tiles() {
  return false;
}
#endif

}  // namespace epalm::nn
