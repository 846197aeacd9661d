#pragma once

#include <string>

#include "epalm/model/epalm_model.h"

namespace epalm::bench {

// eP-ALM of a published size with random weights, in the setting of the published configs: the CLS of the last six
// states through one connector into six layers of the second half, a prompt of ten. The encoder is bfloat16.
model::EPalm large_model(const std::string& opt_size, nn::Weights lm_weights, const std::string& vit_name);

// Random numbers as the published models start with, the same at every call.
nn::Weights large_lm_weights(const std::string& opt_size, nn::Precision precision);

// A bound on a ratio that is stated for CPUs with AMX: half of it on others.
double bound_here(double with_amx);

}  // namespace epalm::bench
