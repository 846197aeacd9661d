#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace epalm {

// Writes a temporary file in the same folder, flushes it to disk and renames it over `path`: a reader sees the old
// bytes or the new ones, never a part. Throws Error on failure; the old file then stays and the temporary one is
// removed.
void write_file_atomically(const std::filesystem::path& path, std::span<const std::byte> bytes);

}  // namespace epalm
