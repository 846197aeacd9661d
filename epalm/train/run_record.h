#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>

#include "epalm/infer/run_config.h"

namespace epalm::train {

// Of the sources that this library was built from, with "-dirty" where tracked files differed; "" outside git.
const char* git_revision();
const char* epalm_version();  // as 1.2.3

// What a run needs to be repeated: when it started, the version and revision of the program, the whole config with its
// seeds, the checkpoint that it started from (empty: none), the machine and its libraries, and whether blocks are
// recomputed. first_epoch: 0, or where a resumed run goes on.
nlohmann::json run_record(const infer::RunConfig& config, const std::filesystem::path& checkpoint, int64_t first_epoch,
                          bool recomputes_blocks);

// Puts the record at the end of the list in `path`, which a run that starts at epoch 0 begins anew. Throws Error where
// the file is no such list.
void add_run_record(const std::filesystem::path& path, const nlohmann::json& record);

}  // namespace epalm::train
