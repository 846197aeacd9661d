#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "epalm/demo/demo_result.h"

namespace epalm::demo {

// FOLDER/state.json: what a task of the demo is made with and, once it is done, its result.
class TaskState {
 public:
  // made_with: everything the result depends on. Whatever the folder holds of a task made with something else is
  // removed: its checkpoints must not be continued.
  TaskState(std::filesystem::path folder, nlohmann::json made_with);

  const std::optional<TaskResult>& result() const { return result_; }
  void finish(const TaskResult& result);

  // The task in the folder will be done anew.
  static void forget(const std::filesystem::path& folder);

 private:
  std::filesystem::path path_;
  nlohmann::json made_with_;
  std::optional<TaskResult> result_;
};

}  // namespace epalm::demo
