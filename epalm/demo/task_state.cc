#include "epalm/demo/task_state.h"

#include <nlohmann/json.hpp>

#include "epalm/base/error.h"
#include "epalm/io/atomic_file.h"
#include "epalm/io/json_file.h"

namespace epalm::demo {
namespace {

constexpr const char* kName = "state.json";

}  // namespace

TaskState::TaskState(std::filesystem::path folder, nlohmann::json made_with)
    : path_(folder / kName), made_with_(std::move(made_with)) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  require(!error, "'{}' cannot be made: {}; name a folder that can be written", folder.string(), error.message());
  if (std::filesystem::exists(path_)) {
    const nlohmann::json state = io::read_json_file(path_);
    if (state.is_object() && state.value("made_with", nlohmann::json()) == made_with_) {
      if (state.contains("result")) result_ = from_state(state["result"], fmt::format("'{}'", path_.string()));
      return;
    }
  }
  forget(folder);
  io::write_json_file(path_, {{"made_with", made_with_}}, 1);
}

void TaskState::finish(const TaskResult& result) {
  io::write_json_file(path_, {{"made_with", made_with_}, {"result", to_state(result)}}, 1);
  result_ = result;
}

void TaskState::forget(const std::filesystem::path& folder) {
  for (const char* name : {"checkpoint_last.pth", "checkpoint_best.pth", kName}) {
    std::filesystem::remove(folder / name);
  }
}

}  // namespace epalm::demo
