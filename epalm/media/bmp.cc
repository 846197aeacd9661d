// BMP is a header and rows of plain pixels; a library for it would weigh more than this file.
#include <algorithm>
#include <array>
#include <bit>

#include "epalm/media/image_codec.h"

namespace epalm::media {
namespace {

constexpr size_t kFileHeaderBytes = 14;
enum Compression : uint32_t { kPlain = 0, kRle8 = 1, kRle4 = 2, kBitFields = 3 };

class BmpReader {
 public:
  explicit BmpReader(const Encoded& file) : file_(file) { read_header(); }

  Image read() const {
    Image image(static_cast<int>(width_), static_cast<int>(height_));
    const uint64_t row_bytes = (static_cast<uint64_t>(width_) * bits_ + 31) / 32 * 4;  // rows are padded to 4 bytes
    const uint64_t needed = row_bytes * static_cast<uint64_t>(height_);
    require(pixels_at_ <= file_.bytes.size() && needed <= file_.bytes.size() - pixels_at_,
            "'{}': the BMP file is truncated: expected {} bytes of pixels at byte {}, the file has {} bytes",
            file_.name, needed, pixels_at_, file_.bytes.size());
    const auto palette = bits_ <= 8 ? read_palette() : Palette{};
    for (int y = 0; y < image.height; ++y) {
      const uint64_t stored = static_cast<uint64_t>(top_down_ ? y : image.height - 1 - y);
      const uint8_t* from = file_.data() + pixels_at_ + stored * row_bytes;
      if (bits_ <= 8) {
        expand_indices(from, palette, image.row(y));
      } else {
        copy_colours(from, image.row(y));
      }
    }
    return image;
  }

 private:
  using Palette = std::array<std::array<uint8_t, 3>, 256>;

  uint32_t number(size_t at, size_t bytes) const {
    require(at + bytes <= file_.bytes.size(), "'{}': the BMP file's header is truncated", file_.name);
    uint32_t value = 0;
    for (size_t i = 0; i < bytes; ++i) value |= static_cast<uint32_t>(file_.data()[at + i]) << (8 * i);
    return value;
  }

  void read_header() {
    pixels_at_ = number(10, 4);
    header_bytes_ = number(14, 4);
    uint32_t compression = kPlain;
    if (header_bytes_ == 12) {  // OS/2
      width_ = number(18, 2);
      height_ = number(20, 2);
      bits_ = number(24, 2);
    } else {
      require(header_bytes_ >= 40 && header_bytes_ <= 124, "'{}': the BMP header of {} bytes is of no known kind",
              file_.name, header_bytes_);
      width_ = static_cast<int32_t>(number(18, 4));
      height_ = static_cast<int32_t>(number(22, 4));
      bits_ = number(28, 2);
      compression = number(30, 4);
      colours_used_ = number(46, 4);
      top_down_ = height_ < 0;
      if (top_down_) height_ = -height_;
    }
    require(bits_ == 1 || bits_ == 4 || bits_ == 8 || bits_ == 24 || bits_ == 32,
            "'{}': BMP files of 1, 4, 8, 24 or 32 bits a pixel are read, this one has {}; save it as PNG", file_.name,
            bits_);
    require(compression == kPlain || (compression == kBitFields && bits_ == 32),
            "'{}': uncompressed BMP files are read, this one is compressed (method {}); save it as PNG", file_.name,
            compression);
    check_image_size(file_, width_, height_);
    if (compression == kBitFields) read_masks();
  }

  // Where red, green and blue sit in a 32-bit pixel: whole bytes in any order.
  void read_masks() {
    for (size_t c = 0; c < 3; ++c) {
      const uint32_t mask = number(kFileHeaderBytes + 40 + 4 * c, 4);
      const int shift = std::countr_zero(mask);
      require(mask != 0 && shift % 8 == 0 && mask >> shift == 0xff,
              "'{}': BMP colour masks of 8 bits are read, this one is {:#010x}; save it as PNG", file_.name, mask);
      byte_of_[c] = static_cast<size_t>(shift / 8);
    }
  }

  // Entries are blue, green, red and, but for OS/2, an unused byte. Indices past the palette are black.
  Palette read_palette() const {
    Palette palette{};
    const uint32_t entry_bytes = header_bytes_ == 12 ? 3 : 4;
    const uint32_t possible = 1U << bits_;
    const uint32_t count = colours_used_ == 0 ? possible : std::min(colours_used_, possible);
    for (uint32_t i = 0; i < count; ++i) {
      const uint32_t entry = number(kFileHeaderBytes + header_bytes_ + size_t{i} * entry_bytes, 3);
      palette[i] = {static_cast<uint8_t>(entry >> 16), static_cast<uint8_t>(entry >> 8), static_cast<uint8_t>(entry)};
    }
    return palette;
  }

  void expand_indices(const uint8_t* from, const Palette& palette, uint8_t* to) const {
    const uint32_t per_byte = 8 / bits_;
    const uint32_t mask = (1U << bits_) - 1;
    for (uint32_t x = 0; x < static_cast<uint32_t>(width_); ++x, to += 3) {
      const uint32_t shift = 8 - bits_ * (x % per_byte + 1);  // the leftmost pixel has the highest bits
      std::copy_n(palette[(from[x / per_byte] >> shift) & mask].data(), 3, to);
    }
  }

  void copy_colours(const uint8_t* from, uint8_t* to) const {
    const size_t pixel_bytes = bits_ / 8;
    for (int64_t x = 0; x < width_; ++x, from += pixel_bytes, to += 3) {
      for (size_t c = 0; c < 3; ++c) to[c] = from[byte_of_[c]];
    }
  }

  const Encoded& file_;
  uint32_t header_bytes_ = 0;
  uint64_t pixels_at_ = 0;
  int64_t width_ = 0;
  int64_t height_ = 0;
  uint32_t bits_ = 0;
  uint32_t colours_used_ = 0;  // 0: all that the bits allow
  bool top_down_ = false;
  std::array<size_t, 3> byte_of_{2, 1, 0};  // red, green, blue within a pixel
};

}  // namespace

Image decode_bmp(const Encoded& file) {
  return BmpReader(file).read();
}

}  // namespace epalm::media
