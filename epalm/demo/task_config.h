#pragma once

#include <nlohmann/json_fwd.hpp>

#include "epalm/demo/demo.h"

namespace epalm::demo {

// assets/tiny_world/TASK.yaml with the tiny world's models and data filled in and options.overrides over it. Throws
// Error for keys that cannot be.
infer::RunConfig task_config(const DemoOptions& options, infer::Task task);

// Everything that the result of a run on the world of its task depends on; the world lies in options.folder.
nlohmann::json made_with(const DemoOptions& options, const infer::RunConfig& config);

}  // namespace epalm::demo
