#pragma once

#include <filesystem>
#include <string>

namespace epalm {

// A new empty folder among the system's temporary files, removed with all that lies in it when this ends.
class ScratchFolder {
 public:
  // purpose: part of its name. Throws Error where it cannot be made.
  explicit ScratchFolder(const std::string& purpose);
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace epalm
