#include <oneapi/dnnl/dnnl.hpp>

#include "epalm/nn/cpu_isa.h"
#include "epalm/nn/tile_kernels.h"

namespace epalm::nn {
namespace {

bool has(dnnl::cpu_isa wanted) {
  const auto isa = static_cast<unsigned>(dnnl::get_effective_cpu_isa()), bits = static_cast<unsigned>(wanted);
  return (isa & bits) == bits;
}

}  // namespace

bool cpu_adds_up_int8() {
  static const bool kHas = has(dnnl::cpu_isa::avx512_core_vnni);
  return kHas;
}

bool cpu_adds_up_bfloat16() {
  static const bool kHas = has(dnnl::cpu_isa::avx512_core_bf16);
  return kHas;
}

bool cpu_multiplies_tiles() {
  static const bool kHas = has(dnnl::cpu_isa::avx512_core_amx) && may_use_tiles();
  return kHas;
}

}  // namespace epalm::nn
