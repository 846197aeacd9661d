#pragma once

#include <cstdint>
#include <vector>

#include "epalm/data/dataset.h"

namespace epalm::data {

// Which medium each sample shows, as numbers in the order in which the media first occur: 0, 1, …
std::vector<int64_t> media_numbers(const SampleList& samples);

}  // namespace epalm::data
