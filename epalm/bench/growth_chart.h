#pragma once

#include <string>
#include <vector>

#include "epalm/bench/growth_curves.h"

namespace epalm::bench {

// The curves side by side as one SVG file, each over its own axes from zero on, with a dashed line for a cost in
// proportion to what is counted. subtitle: on what they were measured.
std::string growth_svg(const std::string& title, const std::string& subtitle, const std::vector<GrowthCurve>& curves);

}  // namespace epalm::bench
