#include "epalm/demo/task_state.h"

#include <span>

#include "epalm/base/atomic_write.h"
#include "epalm/base/error.h"
#include "epalm/io/json_file.h"

namespace epalm::demo {
namespace {

constexpr const char* kName = "state.json";

void write_json(const std::filesystem::path& path, const nlohmann::json& json) {
  const std::string text = json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  write_file_atomically(path, std::as_bytes(std::span(text)));
}

}  // namespace

TaskState::TaskState(std::filesystem::path folder, nlohmann::json made_with)
    : path_(folder / kName), made_with_(std::move(made_with)) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  require(!error, "'{}' cannot be made: {}; name a folder that can be written", folder.string(), error.message());
  if (std::filesystem::exists(path_)) {
    const nlohmann::json state = io::read_json_file(path_);
    if (state.is_object() && state.value("made_with", nlohmann::json()) == made_with_) {
      if (state.contains("result")) result_ = from_state(state["result"], "'" + path_.string() + "'");
      return;
    }
  }
  forget(folder);
  write_json(path_, {{"made_with", made_with_}});
}

void TaskState::finish(const TaskResult& result) {
  write_json(path_, {{"made_with", made_with_}, {"result", to_state(result)}});
  result_ = result;
}

void TaskState::forget(const std::filesystem::path& folder) {
  for (const char* name : {"checkpoint_last.pth", "checkpoint_best.pth", kName}) {
    std::filesystem::remove(folder / name);
  }
}

}  // namespace epalm::demo
