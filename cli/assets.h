#pragma once

#include <filesystem>
#include <vector>

#include "epalm/infer/run_config.h"

namespace epalm::cli {

// The folder of the shipped files: $EPALM_ASSETS, else ../assets or ../share/epalm/assets beside the program. Throws
// Error where none of them is a folder.
std::filesystem::path assets_folder();

// The adapters that `ask` tries unless told otherwise: of the last demo, then the shipped one; those that are there.
// Throws Error that says how to make one where none is.
std::vector<std::filesystem::path> default_checkpoints(infer::Task task);

}  // namespace epalm::cli
