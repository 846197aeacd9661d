#pragma once

namespace epalm::nn {

// Whether this CPU adds up products of 8-bit integers (AVX-512 VNNI) or of bfloat16 numbers (AVX-512 BF16) in one
// instruction. ONEDNN_MAX_CPU_ISA counts in a build with oneDNN.
bool cpu_adds_up_int8();
bool cpu_adds_up_bfloat16();
// Whether it multiplies small matrices of both kinds at once (AMX), so many times faster that a product of some rows
// pays for making its matrix suit.
bool cpu_multiplies_tiles();

}  // namespace epalm::nn
