#include "epalm/world/world_marker.h"

#include <unistd.h>

#include <fstream>
#include <span>

#include "epalm/base/atomic_write.h"
#include "epalm/base/error.h"

namespace epalm::world {
namespace {

constexpr const char* kName = "tiny_world.json";
constexpr int kVersion = 2;  // rises whenever the same options give other bytes

nlohmann::json read_marker(const std::filesystem::path& path) {
  constexpr std::uintmax_t kLargest = 65'536;
  std::error_code ignored;
  const std::uintmax_t size = std::filesystem::file_size(path, ignored);
  std::ifstream file(path, std::ios::binary);
  nlohmann::json marker;
  if (size <= kLargest) marker = nlohmann::json::parse(file, nullptr, false);
  require(marker.is_object(),
          "{}: expected the JSON object that marks a tiny world; remove the file and its world to make a new one",
          path.string());
  return marker;
}

}  // namespace

WorldMarker::WorldMarker(std::filesystem::path folder, nlohmann::json options, std::initializer_list<std::string> owned)
    : path_(folder / kName), options_(std::move(options)) {
  options_["version"] = kVersion;
  if (!std::filesystem::exists(path_)) {
    for (const std::string& name : owned) {
      require(
          !std::filesystem::exists(folder / name),
          "{}: expected no such folder, because {} does not say that a tiny world lies there; choose another folder",
          (folder / name).string(), kName);
    }
    return;
  }
  const nlohmann::json marker = read_marker(path_);
  const nlohmann::json found = marker.value("options", nlohmann::json());
  require(found == options_, "{}: expected a tiny world with options {}, found {}; choose another folder or remove it",
          path_.string(), options_.dump(), found.dump());
  const auto state = marker.find("complete");
  complete_ = state != marker.end() && state->is_boolean() && state->get<bool>();
}

void WorldMarker::begin() {
  std::error_code error;
  std::filesystem::create_directories(path_.parent_path(), error);
  require(!error, "{}: expected a folder that can be made, got: {}", path_.parent_path().string(), error.message());
  write(false);
}

void WorldMarker::finish() {
  ::sync();
  write(true);
}

void WorldMarker::write(bool complete) {
  const std::string text = nlohmann::ordered_json{{"complete", complete}, {"options", options_}}.dump(2) + "\n";
  write_file_atomically(path_, std::as_bytes(std::span(text)));
  complete_ = complete;
}

}  // namespace epalm::world
