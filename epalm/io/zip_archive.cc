#include "epalm/io/zip_archive.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "epalm/base/error.h"

// Structures as in PKWARE's APPNOTE.TXT; all numbers are little-endian.
namespace epalm::io {
namespace {

constexpr uint32_t kLocalHeader = 0x04034b50, kDirectoryEntry = 0x02014b50, kEndOfDirectory = 0x06054b50;
constexpr uint32_t kEndOfDirectory64 = 0x06064b50, kLocator64 = 0x07064b50;
constexpr uint64_t kLocalHeaderSize = 30, kDirectoryEntrySize = 46, kEndOfDirectorySize = 22;
constexpr uint64_t kEndOfDirectory64Size = 56, kLocator64Size = 20;
constexpr uint64_t kLargestDeflateRatio = 1032;

// A window into the file whose reads are all checked.
class Cursor {
 public:
  Cursor(const MappedFile& file, uint64_t offset) : file_(file), offset_(offset) {}

  std::span<const std::byte> take(uint64_t count) {
    const auto bytes = file_.bytes();
    require(offset_ <= bytes.size() && count <= bytes.size() - offset_,
            "'{}': the zip directory points outside the file; is the download complete?", file_.path().string());
    const auto taken = bytes.subspan(offset_, count);
    offset_ += count;
    return taken;
  }
  template <typename T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  std::string text(uint64_t count) {
    const auto bytes = take(count);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  void skip(uint64_t count) { take(count); }
  uint64_t offset() const { return offset_; }

 private:
  const MappedFile& file_;
  uint64_t offset_;
};

// Sizes and offset that do not fit 32 bits stand in extra field 1, in this order and only where the short one is full.
void read_zip64_field(Cursor fields, uint64_t length, ZipMember& member, const std::string& path) {
  const uint64_t end = fields.offset() + length;
  while (end - fields.offset() >= 4) {
    const auto id = fields.number<uint16_t>();
    const uint64_t field_end = fields.offset() + 2 + fields.number<uint16_t>();
    require(field_end <= end, "'{}': a zip extra field of '{}' is too long", path, member.name);
    if (id == 1) {
      for (uint64_t* value : {&member.size, &member.packed_size, &member.header_offset}) {
        if (*value != UINT32_MAX) continue;
        require(field_end - fields.offset() >= 8, "'{}': the zip64 field of '{}' is too short", path, member.name);
        *value = fields.number<uint64_t>();
      }
    }
    fields.skip(field_end - fields.offset());
  }
}

}  // namespace

ZipArchive::ZipArchive(std::shared_ptr<const MappedFile> file) : file_(std::move(file)) {
  const auto bytes = file_->bytes();
  const std::string path = file_->path().string();
  // The end record is followed by a comment of at most 65535 bytes, whose length it holds.
  uint64_t end = bytes.size() < kEndOfDirectorySize ? UINT64_MAX : bytes.size() - kEndOfDirectorySize;
  const uint64_t first = end - std::min<uint64_t>(end, UINT16_MAX);
  for (; end != UINT64_MAX; end = end == first ? UINT64_MAX : end - 1) {
    Cursor cursor(*file_, end);
    if (cursor.number<uint32_t>() != kEndOfDirectory) continue;
    cursor.skip(16);
    if (cursor.number<uint16_t>() == bytes.size() - end - kEndOfDirectorySize) break;
  }
  require(end != UINT64_MAX, "'{}': expected a zip file, but its directory is missing; is the download complete?",
          path);

  Cursor cursor(*file_, end + 10);
  uint64_t count = cursor.number<uint16_t>();
  uint64_t size = cursor.number<uint32_t>();
  uint64_t offset = cursor.number<uint32_t>();
  if (end >= kLocator64Size) {
    Cursor locator(*file_, end - kLocator64Size);
    if (locator.number<uint32_t>() == kLocator64) {
      locator.skip(4);
      Cursor record(*file_, locator.number<uint64_t>());
      require(record.number<uint32_t>() == kEndOfDirectory64, "'{}': the zip64 directory is damaged", path);
      record.skip(28);
      count = record.number<uint64_t>();
      size = record.number<uint64_t>();
      offset = record.number<uint64_t>();
    }
  }
  read_directory(offset, size, count);
}

void ZipArchive::read_directory(uint64_t offset, uint64_t size, uint64_t count) {
  const std::string path = file_->path().string();
  require(count <= size / kDirectoryEntrySize, "'{}': the zip directory claims {} members in {} bytes", path, count,
          size);
  Cursor cursor(*file_, offset);
  for (uint64_t i = 0; i < count; ++i) {
    require(cursor.number<uint32_t>() == kDirectoryEntry, "'{}': the zip directory is damaged", path);
    cursor.skip(4);
    const auto flags = cursor.number<uint16_t>();
    const auto method = cursor.number<uint16_t>();
    cursor.skip(4);
    ZipMember member;
    member.crc = cursor.number<uint32_t>();
    member.packed_size = cursor.number<uint32_t>();
    member.size = cursor.number<uint32_t>();
    const auto name_length = cursor.number<uint16_t>();
    const auto extra_length = cursor.number<uint16_t>();
    const auto comment_length = cursor.number<uint16_t>();
    cursor.skip(8);
    member.header_offset = cursor.number<uint32_t>();
    member.name = cursor.text(name_length);
    read_zip64_field(cursor, extra_length, member, path);
    cursor.skip(uint64_t{extra_length} + comment_length);

    require((flags & 1) == 0 && (method == 0 || method == 8),
            "'{}': member '{}' is encrypted or packed in a way other than deflate", path, member.name);
    member.is_stored = method == 0;
    const bool is_plausible =
        member.is_stored ? member.size == member.packed_size : member.size / kLargestDeflateRatio <= member.packed_size;
    require(is_plausible, "'{}': member '{}' claims {} bytes unpacked from {}", path, member.name, member.size,
            member.packed_size);
    packed(member);
    require(index_.emplace(member.name, members_.size()).second, "'{}': the member '{}' stands twice", path,
            member.name);
    members_.push_back(std::move(member));
  }
}

const ZipMember* ZipArchive::find(const std::string& name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &members_[found->second];
}

std::span<const std::byte> ZipArchive::packed(const ZipMember& member) const {
  Cursor cursor(*file_, member.header_offset);
  require(cursor.number<uint32_t>() == kLocalHeader, "'{}': member '{}' has no header where the zip directory says",
          file_->path().string(), member.name);
  cursor.skip(kLocalHeaderSize - 8);
  const auto name_length = cursor.number<uint16_t>();
  const auto extra_length = cursor.number<uint16_t>();
  cursor.skip(uint64_t{name_length} + extra_length);
  return cursor.take(member.packed_size);
}

std::vector<std::byte> ZipArchive::unpack(const ZipMember& member, uint64_t at_most) const {
  const auto source = packed(member);
  std::vector<std::byte> bytes(std::min(member.size, at_most));
  if (member.is_stored) {
    std::copy_n(source.begin(), bytes.size(), bytes.begin());
  } else {
    z_stream stream{};
    EPALM_ASSERT(inflateInit2(&stream, -MAX_WBITS) == Z_OK);  // negative: no zlib header
    size_t read = 0, written = 0;
    int state = Z_OK;
    constexpr size_t kStep = size_t{1} << 30;  // zlib counts in 32 bits
    while (state == Z_OK && written < bytes.size()) {
      const auto room = static_cast<uInt>(std::min(bytes.size() - written, kStep));
      const auto input = static_cast<uInt>(std::min(source.size() - read, kStep));
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(source.data() + read));
      stream.avail_in = input;
      stream.next_out = reinterpret_cast<Bytef*>(bytes.data() + written);
      stream.avail_out = room;
      state = inflate(&stream, Z_NO_FLUSH);
      read += input - stream.avail_in;
      written += room - stream.avail_out;
    }
    inflateEnd(&stream);
    require(written == bytes.size(), "'{}': member '{}' unpacks to {} bytes instead of {}; the file is damaged",
            file_->path().string(), member.name, written, bytes.size());
  }
  if (bytes.size() == member.size) {
    const auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
    require(crc == member.crc, "'{}': the checksum of member '{}' is wrong; the file is damaged",
            file_->path().string(), member.name);
  }
  return bytes;
}

}  // namespace epalm::io
