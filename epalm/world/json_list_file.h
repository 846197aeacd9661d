#pragma once

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace epalm::world {

// A JSON array that is written entry by entry, because a whole data set of parsed entries takes ten times the memory of
// its text. Until finish() the bytes lie in PATH.part. Throws Error naming the file when a write fails.
class JsonListFile {
 public:
  // before and after: the text around the array, such as `{"images": ` and `}`.
  explicit JsonListFile(std::filesystem::path path, const std::string& before = "", std::string after = "");

  void add(const nlohmann::ordered_json& entry);
  void finish();

 private:
  std::filesystem::path path_;
  std::filesystem::path part_;
  std::string after_;
  std::ofstream file_;
  bool empty_ = true;
};

}  // namespace epalm::world
