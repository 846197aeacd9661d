#include "epalm/train/run_record.h"

#include <fmt/chrono.h>

#include <chrono>

#include "epalm/base/error.h"
#include "epalm/infer/machine.h"
#include "epalm/io/atomic_file.h"
#include "epalm/io/json_file.h"

namespace epalm::train {

const char* epalm_version() {
  return EPALM_VERSION;
}

nlohmann::json run_record(const infer::RunConfig& config, const std::filesystem::path& checkpoint, int64_t first_epoch,
                          bool recomputes_blocks) {
  const auto now = std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
  return {{"started", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(now))},
          {"epalm", epalm_version()},
          {"revision", git_revision()},
          {"first_epoch", first_epoch},
          {"checkpoint", checkpoint.string()},
          {"recompute", recomputes_blocks ? "block" : "none"},
          {"machine", to_json(infer::this_machine())},
          {"config", to_json(config)}};
}

void add_run_record(const std::filesystem::path& path, const nlohmann::json& record) {
  nlohmann::json list = nlohmann::json::array();
  if (record.at("first_epoch") != 0 && std::filesystem::exists(path)) list = io::read_json_file(path);
  require(list.is_array(), "'{}': expected a list of the starts of a run; remove the file to begin another list",
          path.string());
  list.push_back(record);
  io::write_json_file(path, list);
}

}  // namespace epalm::train
