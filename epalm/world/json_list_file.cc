#include "epalm/world/json_list_file.h"

#include "epalm/base/error.h"

namespace epalm::world {

JsonListFile::JsonListFile(std::filesystem::path path, const std::string& before, std::string after)
    : path_(std::move(path)),
      part_(path_.string() + ".part"),
      after_(std::move(after)),
      file_(part_, std::ios::binary) {
  file_ << before << "[";
  require(file_.good(), "{}: expected a file that can be written; check its folder and the free space", part_.string());
}

void JsonListFile::add(const nlohmann::ordered_json& entry) {
  file_ << (empty_ ? "" : ",\n") << entry.dump();
  empty_ = false;
  require(file_.good(), "{}: expected to write an entry and could not; check the free space", part_.string());
}

void JsonListFile::finish() {
  file_ << "]" << after_ << "\n";
  file_.close();
  require(file_.good(), "{}: expected to write the end and could not; check the free space", part_.string());
  std::error_code error;
  std::filesystem::rename(part_, path_, error);
  require(!error, "{}: expected to rename it to {}, got: {}", part_.string(), path_.string(), error.message());
}

}  // namespace epalm::world
