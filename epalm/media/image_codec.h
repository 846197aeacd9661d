#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "epalm/base/error.h"
#include "epalm/media/image_file.h"

// Internal to the room: one decoder per format, each in its own file with its own library.
namespace epalm::media {

struct Encoded {
  std::span<const std::byte> bytes;
  std::string_view name;  // for errors
  ImageLimits limits;

  const uint8_t* data() const { return reinterpret_cast<const uint8_t*>(bytes.data()); }
};

Image decode_jpeg(const Encoded& file);
Image decode_png(const Encoded& file);
Image decode_webp(const Encoded& file);
Image decode_gif(const Encoded& file);
Image decode_bmp(const Encoded& file);

// Call with the header's numbers, before anything is allocated for the pixels.
inline void check_image_size(const Encoded& file, int64_t width, int64_t height) {
  require(width > 0 && height > 0, "'{}': the image has no pixels ({}x{}); the file is damaged", file.name, width,
          height);
  require(
      width <= file.limits.max_side_px && height <= file.limits.max_side_px && width <= file.limits.max_pixels / height,
      "'{}': the image is {}x{} pixels; expected at most {} pixels and {} a side; make it smaller first", file.name,
      width, height, file.limits.max_pixels, file.limits.max_side_px);
}

}  // namespace epalm::media
