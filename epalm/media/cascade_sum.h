#pragma once

#include <span>

namespace epalm::media {

// The float32 sum in the order in which libtorch adds up a contiguous row: 8 columns, four chains of partial sums for
// each, and partial sums of partial sums. Kaldi features show the last bits of a frame's mean (SPEC.md §7.3).
float cascade_sum(std::span<const float> values);

}  // namespace epalm::media
