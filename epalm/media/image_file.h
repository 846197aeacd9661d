#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "epalm/media/image.h"

namespace epalm::media {

// What a picture's header may claim; checked before memory is taken for the pixels.
struct ImageLimits {
  int64_t max_pixels = 178'956'970;  // where Pillow refuses a file as a decompression bomb: 512 MiB of RGB
  int max_side_px = 65'535;          // the most a JPEG or GIF header can say
};

// Reads a JPEG, PNG, WebP, GIF (first frame) or BMP file, told apart by content, as Pillow's convert('RGB') (SPEC.md
// §7.1): EXIF orientation ignored, alpha dropped, palette expanded, 16-bit gray clipped at 255, CMYK by Adobe's
// formula. Throws Error naming the file: unreadable, another format, too large for the limits, damaged or truncated.
// Thread-safe.
Image load_image(const std::filesystem::path& path, const ImageLimits& limits = {});
Image decode_image(std::span<const std::byte> bytes, std::string_view name_for_errors, const ImageLimits& limits = {});

// Whether the first bytes are those of one of these formats.
bool looks_like_image(std::span<const std::byte> bytes);

// quality 1..100, chroma halved both ways (4:2:0). Both throw Error for an image without pixels.
std::vector<std::byte> encode_jpeg(const Image& image, int quality);
std::vector<std::byte> encode_png(const Image& image);

// By extension: .jpg or .jpeg (quality 95) or .png. The file is replaced whole or not at all.
void save_image(const std::filesystem::path& path, const Image& image);

}  // namespace epalm::media
