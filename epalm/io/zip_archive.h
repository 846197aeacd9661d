#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "epalm/base/mapped_file.h"

namespace epalm::io {

struct ZipMember {
  std::string name;
  bool is_stored = true;  // else deflated
  uint32_t crc = 0;
  uint64_t packed_size = 0;
  uint64_t size = 0;
  uint64_t header_offset = 0;
};

// The directory of a mapped zip file (zip64 included), checked when opened: members are stored or deflated, lie inside
// the file and have distinct names. Immutable.
class ZipArchive {
 public:
  explicit ZipArchive(std::shared_ptr<const MappedFile> file);

  const std::vector<ZipMember>& members() const { return members_; }
  const ZipMember* find(const std::string& name) const;  // nullptr if there is none
  const std::shared_ptr<const MappedFile>& file() const { return file_; }

  // The bytes of a member as they lie in the file.
  std::span<const std::byte> packed(const ZipMember& member) const;
  // The first `at_most` bytes of a member, unpacked; the checksum is compared when that is all of it.
  std::vector<std::byte> unpack(const ZipMember& member, uint64_t at_most = UINT64_MAX) const;

 private:
  void read_directory(uint64_t offset, uint64_t size, uint64_t count);

  std::shared_ptr<const MappedFile> file_;
  std::vector<ZipMember> members_;
  std::unordered_map<std::string, size_t> index_;
};

}  // namespace epalm::io
