#include "epalm/reproduce/cell_store.h"

#include "epalm/base/error.h"
#include "epalm/hub/sha256.h"
#include "epalm/io/atomic_file.h"
#include "epalm/io/json_file.h"

namespace epalm::reproduce {
namespace {

std::string name_of(const nlohmann::json& made_with) {
  return hub::sha256_hex(made_with.dump()).substr(0, 24);  // 96 bits
}

}  // namespace

CellStore::CellStore(const std::filesystem::path& folder) : folder_(folder / "cells") {
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  require(!error, "'{}' cannot be made: {}; name a folder that can be written", folder_.string(), error.message());
}

std::filesystem::path CellStore::file(const nlohmann::json& made_with) const {
  return folder_ / (name_of(made_with) + ".json");
}

std::filesystem::path CellStore::work_folder(const nlohmann::json& made_with) const {
  return folder_ / ("unfinished_" + name_of(made_with));
}

std::optional<CellResult> CellStore::find(const nlohmann::json& made_with) const {
  const auto path = file(made_with);
  if (!std::filesystem::exists(path)) return {};
  const nlohmann::json stored = io::read_json_file(path);
  const std::string where = fmt::format("'{}'", path.string());
  require(stored.is_object() && stored.contains("result"), "{}: expected the result of a run; remove the file", where);
  return cell_from_json(stored["result"], where);
}

void CellStore::add(const nlohmann::json& made_with, const CellResult& result) const {
  io::write_json_file(file(made_with), {{"result", to_json(result)}, {"made_with", made_with}}, 1);
  std::error_code ignored;
  std::filesystem::remove_all(work_folder(made_with), ignored);
}

}  // namespace epalm::reproduce
