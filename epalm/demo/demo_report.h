#pragma once

#include <string>

#include "epalm/demo/demo_result.h"

namespace epalm::demo {

// One self-contained HTML page: figures, gates, curves and twenty test media of each task, spread over the test set.
// command: how it was made. Throws Error for media that cannot be read.
std::string demo_report(const DemoResult& result, const std::string& command);

}  // namespace epalm::demo
