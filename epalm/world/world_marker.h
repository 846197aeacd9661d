#pragma once

#include <filesystem>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>

namespace epalm::world {

// tiny_world.json: says which world lies in a folder and whether it is whole. One object per write.
class WorldMarker {
 public:
  // options: everything the bytes of the world depend on. owned: the folders this world fills; without a marker they
  // must not exist, so that real data is never overwritten. Throws Error for another world or a foreign folder.
  WorldMarker(std::filesystem::path folder, nlohmann::json options, std::initializer_list<std::string> owned);

  // Whether a world of the same options lies here whole.
  bool complete() const { return complete_; }

  // Announces the world before its first file and declares it whole after its last, when all bytes are on disk.
  void begin();
  void finish();

 private:
  void write(bool complete);

  std::filesystem::path path_;
  nlohmann::json options_;
  bool complete_ = false;
};

}  // namespace epalm::world
