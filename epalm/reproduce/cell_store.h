#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "epalm/reproduce/cell.h"

namespace epalm::reproduce {

// FOLDER/cells: one small JSON file for each finished run, under the hash of everything that it depends on; so a second
// start finds what the first one finished, and rows that come to the same run share it.
class CellStore {
 public:
  // Throws Error where the folder cannot be made.
  explicit CellStore(const std::filesystem::path& folder);

  // made_with: everything that the result depends on. Throws Error for a damaged file, naming it.
  std::optional<CellResult> find(const nlohmann::json& made_with) const;
  // Also removes the run's work folder.
  void add(const nlohmann::json& made_with, const CellResult& result) const;

  // Where a run that is not finished keeps its checkpoints.
  std::filesystem::path work_folder(const nlohmann::json& made_with) const;

 private:
  std::filesystem::path file(const nlohmann::json& made_with) const;

  std::filesystem::path folder_;
};

}  // namespace epalm::reproduce
