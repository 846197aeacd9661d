#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "epalm/infer/run_config.h"
#include "epalm/reproduce/cell.h"

namespace epalm::reproduce {

struct MeasureOptions {
  std::filesystem::path work_folder;  // gets the run's checkpoints; one that was stopped continues from there
  std::function<void(const std::string& stage, double share)> progress = {};  // 0..1 of the run
  std::function<bool()> interrupted = {};
};

// Trains what the configuration says and scores its best epoch on the test split. Throws Error as training does, and
// Interrupted.
CellResult measure(const infer::RunConfig& config, const MeasureOptions& options);

}  // namespace epalm::reproduce
