#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "epalm/base/atomic_write.h"

namespace epalm::io {

// Text and JSON through AtomicFile: the old file or the whole new one, never a part. Throw Error.
void write_text_file(const std::filesystem::path& path, std::string_view text);
void write_json_file(const std::filesystem::path& path, const nlohmann::json& json, int indent = 2);

}  // namespace epalm::io
