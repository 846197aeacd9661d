#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "epalm/infer/run_config.h"
#include "epalm/lm/opt_config.h"
#include "epalm/nn/weights.h"

namespace epalm::infer {

// "fp32", "bf16", "int8" or "int4".
nn::Precision precision_named(const std::string& name);

// In which precision a language model of this shape is kept: the one that the config names or, for "auto", the finest
// whose weights take at most seven tenths of the free memory, and int4 where none does. Throws Error where the weights
// need more than is free, before a byte of them is read, naming what would fit.
std::string lm_precision(const RunConfig& config, const lm::OptConfig& shape, int64_t free_bytes);

// The same for the encoder of such a table of weights, out of fp32, bf16 and int8: encoder_precision or, where that is
// empty, by memory beside `precision: auto`, fp32 beside fp32 and bf16 beside all others.
std::string encoder_precision(const RunConfig& config, const std::vector<nn::WeightSpec>& table, int64_t free_bytes);

// What the system could give to this process now; the largest number where it does not say.
int64_t free_memory_bytes();

}  // namespace epalm::infer
