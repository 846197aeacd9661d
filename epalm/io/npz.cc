#include "epalm/io/npz.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <numeric>

#include "epalm/base/error.h"
#include "epalm/base/mapped_file.h"
#include "epalm/io/mapped_tensor.h"
#include "epalm/io/zip_archive.h"

namespace epalm::io {
namespace {

constexpr uint64_t kLargestNpyHeader = uint64_t{1} << 16;

struct NpyHeader {
  std::string descr;
  bool is_fortran = false;
  std::vector<int64_t> shape;
  uint64_t length = 0;  // bytes before the data
};

// The one Python literal of a header: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& where) : rest_(text), where_(where) {}

  NpyHeader parse() {
    NpyHeader header;
    int seen = 0;
    expect("{");
    while (!accept("}")) {
      const std::string key = quoted();
      expect(":");
      if (key == "descr") {
        header.descr = quoted();
      } else if (key == "fortran_order") {
        header.is_fortran = accept("True");
        if (!header.is_fortran) expect("False");
      } else if (key == "shape") {
        expect("(");
        while (!accept(")")) {
          header.shape.push_back(integer());
          if (!accept(",")) {
            expect(")");
            break;
          }
        }
      } else {
        refuse();
      }
      ++seen;
      if (!accept(",")) {
        expect("}");
        break;
      }
    }
    if (seen != 3) refuse();
    return header;
  }

 private:
  [[noreturn]] void refuse() const {
    fail("{}: expected a .npy header with descr, fortran_order and shape of plain numbers", where_);
  }
  bool accept(std::string_view token) {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\n')) rest_.remove_prefix(1);
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }
  void expect(std::string_view token) {
    if (!accept(token)) refuse();
  }
  std::string quoted() {
    const std::string_view quote = accept("'") ? "'" : "\"";
    if (quote == "\"") expect(quote);
    const size_t end = rest_.find(quote);
    if (end == rest_.npos) refuse();
    std::string text(rest_.substr(0, end));
    rest_.remove_prefix(end + 1);
    return text;
  }
  int64_t integer() {
    accept("");  // spaces
    int64_t value = 0;
    const auto result = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (result.ec != std::errc() || value < 0) refuse();
    rest_.remove_prefix(static_cast<size_t>(result.ptr - rest_.data()));
    return value;
  }

  std::string_view rest_;
  const std::string& where_;
};

NpyHeader parse_header(std::span<const std::byte> bytes, const std::string& where) {
  const auto byte = [&](size_t at) { return static_cast<uint64_t>(bytes[at]); };
  require(bytes.size() >= 12 && std::memcmp(bytes.data(), "\x93NUMPY", 6) == 0, "{}: expected a .npy array", where);
  const uint64_t version = byte(6);
  require(version >= 1 && version <= 3, "{}: expected .npy version 1 to 3, got {}", where, version);
  const uint64_t start = version == 1 ? 10 : 12;
  uint64_t length = byte(8) | byte(9) << 8;
  if (version > 1) length |= byte(10) << 16 | byte(11) << 24;
  require(length <= bytes.size() - start, "{}: the .npy header of {} bytes is too long", where, length);
  NpyHeader header =
      HeaderParser({reinterpret_cast<const char*>(bytes.data()) + start, static_cast<size_t>(length)}, where).parse();
  header.length = start + length;
  return header;
}

at::ScalarType dtype_of(const std::string& descr, const std::string& where) {
  struct Known {
    const char* descr;
    at::ScalarType dtype;
  };
  constexpr std::array<Known, 9> kKnown{{{"<f4", at::kFloat},
                                         {"<f2", at::kHalf},
                                         {"<f8", at::kDouble},
                                         {"<i8", at::kLong},
                                         {"<i4", at::kInt},
                                         {"<i2", at::kShort},
                                         {"|i1", at::kChar},
                                         {"|u1", at::kByte},
                                         {"|b1", at::kBool}}};
  for (const auto& known : kKnown) {
    if (descr == known.descr) return known.dtype;
  }
  fail("{}: arrays of dtype '{}' are not supported; expected little-endian numbers such as <f4", where, descr);
}

class Npz final : public TensorFile {
 public:
  explicit Npz(const std::filesystem::path& path) : zip_(std::make_shared<MappedFile>(path)) {}

  std::vector<std::string> names() const override {
    std::vector<std::string> names;
    for (const auto& member : zip_.members()) {
      if (member.name.ends_with(kSuffix)) names.push_back(member.name.substr(0, member.name.size() - kSuffix.size()));
    }
    return names;
  }
  bool contains(const std::string& name) const override { return zip_.find(name + std::string(kSuffix)) != nullptr; }
  TensorInfo info(const std::string& name) const override {
    const std::string where = where_of(name);
    NpyHeader header = parse_header(zip_.unpack(find(name), kLargestNpyHeader), where);
    return {dtype_of(header.descr, where), std::move(header.shape)};
  }
  at::Tensor read(const std::string& name) const override {
    const std::string where = where_of(name);
    const ZipMember& member = find(name);
    const auto unpacked = member.is_stored ? std::vector<std::byte>() : zip_.unpack(member);
    const auto bytes = member.is_stored ? zip_.packed(member) : std::span<const std::byte>(unpacked);
    NpyHeader header = parse_header(bytes.first(std::min<uint64_t>(bytes.size(), kLargestNpyHeader)), where);
    const auto data = bytes.subspan(header.length);
    const auto dtype = dtype_of(header.descr, where);
    const auto size = byte_size(header.shape, dtype);
    require(size && *size == data.size(), "{}: the shape [{}] does not match {} bytes of data", where,
            fmt::join(header.shape, ","), data.size());
    const at::Tensor flat =
        member.is_stored ? tensor_from_mapping(zip_.file(), data, dtype) : tensor_from_bytes(data, dtype);
    if (!header.is_fortran) return flat.view(header.shape);
    // Fortran order: the first dimension is the fastest.
    std::reverse(header.shape.begin(), header.shape.end());
    std::vector<int64_t> reversed(header.shape.size());
    std::iota(reversed.rbegin(), reversed.rend(), 0);
    return flat.view(header.shape).permute(reversed).contiguous();
  }
  const std::filesystem::path& path() const override { return zip_.file()->path(); }

 private:
  static constexpr std::string_view kSuffix = ".npy";

  std::string where_of(const std::string& name) const { return fmt::format("'{}': '{}'", path().string(), name); }
  const ZipMember& find(const std::string& name) const {
    const ZipMember* member = zip_.find(name + std::string(kSuffix));
    if (member == nullptr) fail_missing(name);
    return *member;
  }

  ZipArchive zip_;
};

}  // namespace

std::unique_ptr<TensorFile> open_npz(const std::filesystem::path& path) {
  return std::make_unique<Npz>(path);
}

}  // namespace epalm::io
