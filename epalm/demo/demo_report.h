#pragma once

#include <string>

#include "epalm/demo/demo_result.h"

namespace epalm::demo {

// One self-contained HTML page: figures, curves and twenty test pictures of each task, spread over the test set.
std::string demo_report(const DemoResult& result, const std::string& command);

}  // namespace epalm::demo
