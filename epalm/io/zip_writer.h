#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "epalm/base/atomic_write.h"

namespace epalm::io {

// A zip file of unpacked members whose data start at multiples of 64 bytes, as torch lays them out so that they can be
// mapped. Atomic: without finish() no file appears. Throws Error.
class ZipWriter {
 public:
  explicit ZipWriter(const std::filesystem::path& path) : file_(path) {}

  void add(const std::string& name, std::span<const std::byte> data);
  void finish();

 private:
  struct Member {
    std::string name;
    uint32_t crc;
    uint64_t size, offset;
  };
  void write(std::span<const std::byte> bytes);

  AtomicFile file_;
  uint64_t position_ = 0;
  std::vector<Member> members_;
};

}  // namespace epalm::io
