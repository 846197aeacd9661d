#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace epalm::io {

// Reads a JSON file. A key that stands twice in one object is refused, since one of its values would be lost.
// Throws Error naming the file, the line and the byte.
nlohmann::json read_json_file(const std::filesystem::path& path);

// The same for text that lies in memory; `where` names it in errors, as "'model.safetensors': header".
nlohmann::json parse_json(std::string_view text, const std::string& where);

}  // namespace epalm::io
