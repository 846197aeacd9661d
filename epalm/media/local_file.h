#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

namespace epalm::media {

// Internal to the room: a regular file opened for reading, never a URL, device, folder or pipe, and the clock that says
// how long may still be worked on it.
class LocalFile {
 public:
  // Throws Error naming the path: missing, unreadable, not a regular file, empty.
  explicit LocalFile(const std::filesystem::path& path);
  ~LocalFile();
  LocalFile(const LocalFile&) = delete;
  LocalFile& operator=(const LocalFile&) = delete;

  const std::string& name() const { return name_; }
  int64_t size() const { return size_; }
  // Up to `count` bytes at `offset`; 0 at the end, -1 on failure.
  int64_t read_at(int64_t offset, uint8_t* bytes, int64_t count) const;

  void start_clock(double seconds);
  bool out_of_time() const { return std::chrono::steady_clock::now() > deadline_; }
  void check_clock() const;  // throws Error

 private:
  std::string name_;
  int descriptor_ = -1;
  int64_t size_ = 0;
  double seconds_ = 0;
  std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::time_point::max();
};

}  // namespace epalm::media
