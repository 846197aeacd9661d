#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

namespace epalm {

// A file in the making: written under a temporary name in the same folder and renamed over `path` by commit(), so that
// a reader sees the old bytes or the new ones, never a part. Without commit() the destructor removes the temporary file
// and the old one stays. Every failure throws Error naming `path`.
class AtomicFile {
 public:
  explicit AtomicFile(const std::filesystem::path& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::span<const std::byte> bytes);
  void commit();  // flushes to disk and renames

 private:
  [[noreturn]] void fail_with(int error) const;

  std::filesystem::path path_;
  std::string temporary_;
  int descriptor_ = -1;
};

// AtomicFile for bytes that are all at hand.
void write_file_atomically(const std::filesystem::path& path, std::span<const std::byte> bytes);

}  // namespace epalm
