#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace epalm {

// A file mapped read-only and private: pages are read when touched, and nothing written to the memory reaches the file.
// Movable, not copyable; the bytes live as long as the object. Reading from several threads is safe.
class MappedFile {
 public:
  // Throws Error if the path is missing, not a regular file or cannot be read.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&&) = delete;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace epalm
