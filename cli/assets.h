#pragma once

#include <filesystem>

#include "epalm/infer/run_config.h"

namespace epalm::cli {

// The folder of the shipped files: $EPALM_ASSETS, else ../assets or ../share/epalm/assets beside the program. Throws
// Error where none of them is a folder.
std::filesystem::path assets_folder();

// The adapter that `ask` uses unless told otherwise: of the last demo, else the shipped one. task: kVqa or kCaption.
// Throws Error that says how to make one.
std::filesystem::path default_checkpoint(infer::Task task);

}  // namespace epalm::cli
