#pragma once

#include "epalm/demo/demo_result.h"

namespace epalm::demo {

// What TINY_WORLD.md and the issues ask of each modality, as measured: the LM's reading (text ceiling), what the medium
// adds to it, how near that comes to the ceiling, and the captions. Only of tasks that were done and figures that
// exist.
std::vector<Gate> gates_of(const std::vector<TaskResult>& tasks);

// "43.3 points", "≥ 40 points".
std::string measured_text(const Gate& gate);
std::string target_text(const Gate& gate);

}  // namespace epalm::demo
