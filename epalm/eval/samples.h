#pragma once

#include <string>

#include "epalm/data/dataset.h"
#include "epalm/infer/run_config.h"

namespace epalm::eval {

// The samples of the splits in config.data_dir, in the layout of config.task. Throws Error where the set is empty.
data::SampleList load_samples(const infer::RunConfig& config, const std::string& splits);

}  // namespace epalm::eval
