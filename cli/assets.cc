#include "cli/assets.h"

#include <cstdlib>
#include <optional>

#include "epalm/base/error.h"

namespace epalm::cli {
namespace {

namespace fs = std::filesystem;

std::optional<fs::path> find_assets() {
  std::error_code error;
  if (const char* set = std::getenv("EPALM_ASSETS"); set != nullptr && *set != '\0') {
    require(fs::is_directory(set, error), "EPALM_ASSETS '{}' is not a folder; correct or unset it", set);
    return set;
  }
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  for (const char* place : {"../assets", "../share/epalm/assets"}) {
    const fs::path folder = (program.parent_path() / place).lexically_normal();
    if (fs::is_directory(folder, error)) return folder;
  }
  return {};
}

}  // namespace

fs::path assets_folder() {
  const auto found = find_assets();
  require(found.has_value(),
          "the folder of the shipped files is neither ../assets nor ../share/epalm/assets beside the program; "
          "set EPALM_ASSETS to it");
  return *found;
}

std::vector<fs::path> default_checkpoints(infer::Task task) {
  const std::string name(infer::task_name(task));
  const fs::path of_demo = fs::path("runs/demo") / name / "checkpoint_best.pth";
  std::vector<fs::path> found;
  if (fs::exists(of_demo)) found.push_back(of_demo);
  if (const auto assets = find_assets()) {
    const fs::path shipped = *assets / "adapters" / (name + ".safetensors");
    if (fs::exists(shipped)) found.push_back(shipped);
  }
  require(!found.empty(),
          "no adapter: '{}' does not exist; run `epalm demo` to train one, or name one with --checkpoint",
          of_demo.string());
  return found;
}

}  // namespace epalm::cli
