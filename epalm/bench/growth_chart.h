#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "epalm/bench/growth_curves.h"
#include "epalm/infer/machine.h"

namespace epalm::bench {

// The curves side by side as one SVG file, each over its own axes from zero on, with a dashed line for a cost in
// proportion to what is counted. subtitle: on what they were measured.
std::string growth_svg(const std::string& title, const std::string& subtitle, const std::vector<GrowthCurve>& curves);

// Measures growth and draws it into the file. That is opened first, so that one which cannot be written is refused,
// with an Error, before anything is measured; a run that fails or is stopped leaves what was there.
std::vector<GrowthCurve> plot_growth(const std::filesystem::path& file, const infer::Machine& machine,
                                     const GrowthOptions& options = {});

}  // namespace epalm::bench
