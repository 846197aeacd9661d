#include "epalm/world/world_output.h"

#include <algorithm>
#include <array>
#include <fstream>

#include "epalm/base/error.h"

namespace epalm::world {

void check_range(const char* name, int value, int low, int high) {
  require(value >= low && value <= high, "tiny world: expected {} from {} to {}, got {}", name, low, high, value);
}

void make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  require(!error, "{}: expected a folder that can be made, got: {}", folder.string(), error.message());
}

void write_bytes(const std::filesystem::path& file_path, std::span<const std::byte> bytes) {
  std::ofstream file(file_path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  file.close();
  require(file.good(), "{}: expected to write {} bytes and could not; check the folder and the free space",
          file_path.string(), bytes.size());
}

nlohmann::ordered_json soft_scores(const std::vector<std::string>& answers) {
  constexpr std::array<double, 5> kScores = {0.0, 0.3, 0.6, 0.9, 1.0};
  nlohmann::ordered_json scores = nlohmann::ordered_json::object();
  for (const std::string& answer : answers) {
    const auto count = static_cast<size_t>(std::count(answers.begin(), answers.end(), answer));
    scores[answer] = kScores[std::min<size_t>(count, 4)];
  }
  return scores;
}

}  // namespace epalm::world
