#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "epalm/media/image.h"

// Small image files of the kinds that epalm reads but does not write, made with the formats' own libraries.
namespace epalm::media::samples {

using Bytes = std::vector<std::byte>;

Image gradient(int width, int height);

enum class JpegKind { kGray, kColour, kProgressive, kCmyk };
// kCmyk: the image's rgb is stored as Adobe's inverted C, M, Y beside K = 255 (no black).
Bytes jpeg(const Image& image, JpegKind kind);

struct PngOptions {
  int colour_type = 2;  // PNG's: 0 gray, 2 RGB, 3 palette, 4 gray + alpha, 6 RGBA
  int bit_depth = 8;
  bool interlaced = false;
  std::vector<uint8_t> palette;      // RGB triples
  std::vector<uint8_t> transparent;  // alpha of the first palette entries
};
// rows: as the format stores them, 16-bit values big-endian, packed pixels from the high bits.
Bytes png(int width, int height, const PngOptions& options, const std::vector<uint8_t>& rows);
// Sets the check sums right after a change, so that the change itself is read.
void repair_png_checksums(Bytes& png);

Bytes webp_lossless(const Image& image);
Bytes webp_lossy(const Image& image);

struct GifFrame {
  int screen_width = 0, screen_height = 0;
  int left = 0, top = 0, width = 0, height = 0;
  bool interlaced = false;
  int transparent = -1;
};
// palette: 4 entries (12 bytes); indices: the frame's, from the top.
Bytes gif(const GifFrame& frame, const std::vector<uint8_t>& palette, const std::vector<uint8_t>& indices);

struct BmpHeader {
  uint32_t header_bytes = 40;
  int32_t width = 0, height = 0;  // a negative height: rows from the top
  uint16_t bits = 24;
  uint32_t compression = 0;
  uint32_t colours_used = 0;
};
// tables: masks and palette, between header and pixels.
Bytes bmp(const BmpHeader& header, const std::vector<uint8_t>& tables, const std::vector<uint8_t>& pixels);

}  // namespace epalm::media::samples
