#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace epalm::infer {

// The keys of a configuration before they have a type, and where each was written.
struct ConfigSource {
  std::string origin{};                         // file name, for errors
  nlohmann::json values{};                      // an object
  std::vector<std::string> keys{};              // top-level keys in the order of the file
  std::map<std::string, std::string> places{};  // of keys, nested as optimizer.lr: "'vqa.yaml' line 7"

  // Where the key, or the section around it, was written; the origin where that is not known.
  std::string place(const std::string& key) const;
};

// Throws Error for a file that is missing, larger than a megabyte, no YAML mapping, or has a key twice.
ConfigSource read_yaml_source(const std::filesystem::path& yaml);

// Sets `key=value`; the value is read as YAML. Throws Error for anything else.
void apply_overrides(ConfigSource& source, const std::vector<std::string>& overrides);

// The candidate that takes the fewest edits to become `name`.
std::string nearest(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace epalm::infer
