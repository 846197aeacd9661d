#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>

namespace epalm::world {

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline nlohmann::json read_json(const std::filesystem::path& path) {
  return nlohmann::json::parse(read_text(path));
}

// Every file with its bytes, by its path within the folder.
inline std::map<std::string, std::string> contents(const std::filesystem::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files[entry.path().lexically_relative(folder).string()] = read_text(entry.path());
  }
  return files;
}

// The paths whose bytes differ or that only one of the folders has.
inline std::set<std::string> different_files(const std::filesystem::path& a, const std::filesystem::path& b) {
  const std::map<std::string, std::string> first = contents(a);
  const std::map<std::string, std::string> second = contents(b);
  std::set<std::string> different;
  for (const auto& [files, others] : {std::pair{&first, &second}, std::pair{&second, &first}}) {
    for (const auto& [name, bytes] : *files) {
      const auto other = others->find(name);
      if (other == others->end() || other->second != bytes) different.insert(name);
    }
  }
  return different;
}

}  // namespace epalm::world
