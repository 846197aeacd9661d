#pragma once

#include <vector>

#include "epalm/demo/demo_result.h"
#include "epalm/report/exhibit.h"

namespace epalm::demo {

// Test media of the task, spread over its test set, as the report shows them: the picture, eight frames of the clip, or
// the recording with waveform, spectrogram and player. Throws Error for media that cannot be read.
std::vector<report::Exhibit> exhibits_of(const TaskResult& task, size_t most);

}  // namespace epalm::demo
