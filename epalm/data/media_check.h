#pragma once

#include <filesystem>
#include <string>
#include <unordered_map>

namespace epalm::data {

// Whether loaders look for each media file. Worth its second on a local disk; slow on some network file systems.
enum class MediaCheck { kOff, kExists };

// Remembers the files it has seen: data sets name each image several times.
class MediaFinder {
 public:
  explicit MediaFinder(MediaCheck check) : check_(check) {}
  bool accepts(const std::filesystem::path& file) {
    if (check_ == MediaCheck::kOff) return true;
    const auto [entry, is_new] = seen_.try_emplace(file.native(), false);
    if (is_new) entry->second = std::filesystem::is_regular_file(file);
    return entry->second;
  }

 private:
  MediaCheck check_;
  std::unordered_map<std::string, bool> seen_;
};

}  // namespace epalm::data
