#include "epalm/io/zip_writer.h"

#include <zlib.h>

#include <algorithm>

#include "epalm/base/error.h"

// Structures as in PKWARE's APPNOTE.TXT; all numbers are little-endian.
namespace epalm::io {
namespace {

constexpr uint64_t kAlignment = 64;
constexpr uint16_t kVersion = 45;        // the first with zip64
constexpr uint16_t kDate = 1 << 5 | 1;   // 1980-01-01, so that equal contents give equal files
constexpr uint16_t kPaddingId = 0x4246;  // the extra field that torch pads with
constexpr uint64_t kShortest = 4;        // of an extra field

class Record {
 public:
  template <typename T>
  Record& number(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  Record& text(const std::string& value) {
    bytes_ += value;
    return *this;
  }
  std::span<const std::byte> bytes() const { return std::as_bytes(std::span(bytes_)); }

 private:
  std::string bytes_;
};

uint32_t short_form(uint64_t value) {
  return static_cast<uint32_t>(std::min<uint64_t>(value, UINT32_MAX));
}
bool is_long(uint64_t value) {
  return value >= UINT32_MAX;
}

}  // namespace

void ZipWriter::write(std::span<const std::byte> bytes) {
  file_.write(bytes);
  position_ += bytes.size();
}

void ZipWriter::add(const std::string& name, std::span<const std::byte> data) {
  EPALM_ASSERT(name.size() <= 1024);
  const auto crc = static_cast<uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(data.data()), data.size()));
  const uint64_t size = data.size();
  const uint64_t zip64_length = is_long(size) ? 20 : 0;
  const uint64_t unpadded = position_ + 30 + name.size() + zip64_length + kShortest;
  const auto padding = static_cast<uint16_t>((kAlignment - unpadded % kAlignment) % kAlignment);
  members_.push_back({name, crc, size, position_});

  Record header;
  header.number(uint32_t{0x04034b50}).number(kVersion).number(uint16_t{0}).number(uint16_t{0}).number(uint16_t{0});
  header.number(kDate).number(crc).number(short_form(size)).number(short_form(size));
  header.number(static_cast<uint16_t>(name.size()));
  header.number(static_cast<uint16_t>(zip64_length + kShortest + padding)).text(name);
  if (is_long(size)) header.number(uint16_t{1}).number(uint16_t{16}).number(size).number(size);
  header.number(kPaddingId).number(padding).text(std::string(padding, 'Z'));
  write(header.bytes());
  write(data);
}

void ZipWriter::finish() {
  const uint64_t start = position_;
  for (const Member& member : members_) {
    Record zip64;
    if (is_long(member.size)) zip64.number(member.size).number(member.size);
    if (is_long(member.offset)) zip64.number(member.offset);
    const size_t values = zip64.bytes().size();
    Record entry;
    entry.number(uint32_t{0x02014b50}).number(kVersion).number(kVersion).number(uint16_t{0}).number(uint16_t{0});
    entry.number(uint16_t{0}).number(kDate).number(member.crc);
    entry.number(short_form(member.size)).number(short_form(member.size));
    entry.number(static_cast<uint16_t>(member.name.size()));
    entry.number(static_cast<uint16_t>(values == 0 ? 0 : 4 + values)).number(uint16_t{0}).number(uint16_t{0});
    entry.number(uint16_t{0}).number(uint32_t{0}).number(short_form(member.offset)).text(member.name);
    if (values != 0) entry.number(uint16_t{1}).number(static_cast<uint16_t>(values));
    write(entry.bytes());
    write(zip64.bytes());
  }
  const uint64_t end = position_, size = end - start, count = members_.size();
  Record tail;
  if (is_long(start) || is_long(size) || count >= UINT16_MAX) {
    tail.number(uint32_t{0x06064b50}).number(uint64_t{44}).number(kVersion).number(kVersion);
    tail.number(uint32_t{0}).number(uint32_t{0}).number(count).number(count).number(size).number(start);
    tail.number(uint32_t{0x07064b50}).number(uint32_t{0}).number(end).number(uint32_t{1});
  }
  const auto short_count = static_cast<uint16_t>(std::min<uint64_t>(count, UINT16_MAX));
  tail.number(uint32_t{0x06054b50}).number(uint16_t{0}).number(uint16_t{0}).number(short_count).number(short_count);
  tail.number(short_form(size)).number(short_form(start)).number(uint16_t{0});
  write(tail.bytes());
  file_.commit();
}

}  // namespace epalm::io
