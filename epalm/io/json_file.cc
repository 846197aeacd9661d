#include "epalm/io/json_file.h"

#include <algorithm>
#include <optional>
#include <set>
#include <vector>

#include "epalm/base/error.h"
#include "epalm/base/mapped_file.h"

namespace epalm::io {

nlohmann::json parse_json(std::string_view text, const std::string& where) {
  using nlohmann::json;
  std::vector<std::set<std::string>> open_objects;
  std::optional<std::string> repeated;
  const auto watch_keys = [&](int, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::object_start) open_objects.emplace_back();
    if (event == json::parse_event_t::object_end) open_objects.pop_back();
    if (event == json::parse_event_t::key && !open_objects.back().insert(parsed.get<std::string>()).second &&
        !repeated) {
      repeated = parsed.get<std::string>();
    }
    return true;
  };
  try {
    json value = json::parse(text.begin(), text.end(), watch_keys);
    require(!repeated, "{}: the key '{}' stands twice in one object; remove one", where, repeated.value_or(""));
    return value;
  } catch (const json::parse_error& error) {
    const size_t byte = std::min(error.byte, text.size());
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(byte), '\n');
    fail("{}: expected JSON, but line {} (byte {}) is not: {}", where, line, byte, error.what());
  }
}

nlohmann::json read_json_file(const std::filesystem::path& path) {
  const MappedFile file(path);
  const auto bytes = file.bytes();
  return parse_json({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, fmt::format("'{}'", path.string()));
}

}  // namespace epalm::io
