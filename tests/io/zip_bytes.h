#pragma once

#include <zlib.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/io/bytes.h"

namespace epalm::io {

// One member of a hand-made zip; the fields after `data` let a test lie.
struct RawMember {
  std::string name;
  std::string data;  // as it lies in the file
  uint16_t method = 0;
  uint32_t size = 0;             // unpacked
  uint32_t crc = 0;              // of the unpacked bytes
  uint32_t offset = UINT32_MAX;  // of the local header; UINT32_MAX: where it is
  uint16_t flags = 0;
};

inline uint32_t crc_of(const std::string& data) {
  return static_cast<uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(data.data()), data.size()));
}

inline RawMember stored(std::string name, const std::string& data) {
  return {std::move(name), data, 0, static_cast<uint32_t>(data.size()), crc_of(data)};
}

inline RawMember deflated(std::string name, const std::string& data) {
  std::string packed(compressBound(data.size()) + 64, '\0');
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return {std::move(name), packed, 8, static_cast<uint32_t>(data.size()), crc_of(data)};
}

inline std::string zip_bytes(const std::vector<RawMember>& members) {
  std::string file, directory;
  for (const auto& m : members) {
    const auto packed = static_cast<uint32_t>(m.data.size());
    const auto offset = m.offset == UINT32_MAX ? static_cast<uint32_t>(file.size()) : m.offset;
    const std::string shared = raw<uint16_t>(20) + raw(m.flags) + raw(m.method) + raw<uint32_t>(0) + raw(m.crc) +
                               raw(packed) + raw(m.size) + raw(static_cast<uint16_t>(m.name.size()));
    file += "PK\3\4" + shared + raw<uint16_t>(0) + m.name + m.data;
    directory += "PK\1\2" + raw<uint16_t>(20) + shared + std::string(8, '\0') + raw<uint32_t>(0) + raw(offset) + m.name;
  }
  const auto count = raw(static_cast<uint16_t>(members.size()));
  return file + directory + "PK\5\6" + raw<uint32_t>(0) + count + count + raw(static_cast<uint32_t>(directory.size())) +
         raw(static_cast<uint32_t>(file.size())) + raw<uint16_t>(0);
}

}  // namespace epalm::io
