#include "epalm/io/atomic_file.h"

#include <nlohmann/json.hpp>

namespace epalm::io {

void write_text_file(const std::filesystem::path& path, std::string_view text) {
  write_file_atomically(path, std::as_bytes(std::span(text)));
}

void write_json_file(const std::filesystem::path& path, const nlohmann::json& json, int indent) {
  // Strings that are no UTF-8 lose the offending bytes instead of the whole file.
  write_text_file(path, json.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

}  // namespace epalm::io
