#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace epalm::media {

// An 8-bit RGB picture, rows from the top. rgb: [height,width,3], 3 bytes a pixel.
struct Image {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> rgb;

  Image() = default;
  // All black.
  Image(int image_width, int image_height)
      : width(image_width),
        height(image_height),
        rgb(static_cast<size_t>(image_width) * static_cast<size_t>(image_height) * 3) {}

  size_t row_bytes() const { return static_cast<size_t>(width) * 3; }
  uint8_t* row(int y) { return rgb.data() + static_cast<size_t>(y) * row_bytes(); }
  const uint8_t* row(int y) const { return rgb.data() + static_cast<size_t>(y) * row_bytes(); }

  bool operator==(const Image&) const = default;
};

}  // namespace epalm::media
