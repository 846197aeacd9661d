#pragma once

#include <cstdint>
#include <string>

#include "epalm/data/dataset.h"
#include "epalm/infer/bundle.h"

namespace epalm::train {

// What the language model's layers keep until the backward pass of a batch whose texts are all as long as the longest
// of these samples, in bytes, beside an encoder that keeps nothing.
int64_t kept_bytes(const infer::Bundle& bundle, const data::SampleList& samples);

// Whether a run under this key (none, block or auto) computes blocks anew in its backward pass (nn/recompute.h). auto:
// where what they would keep takes more than half of the free memory.
bool recomputes_blocks(const std::string& key, int64_t kept_bytes, int64_t free_bytes);

// The same of a run that begins now, for which memory is set aside for gradients and the optimiser. Logs that auto
// chose to.
bool recomputes_blocks(const infer::Bundle& bundle, const data::SampleList& samples);

}  // namespace epalm::train
