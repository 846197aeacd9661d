#pragma once

#include <cstdint>
#include <vector>

#include "epalm/media/image.h"

namespace epalm::media {

// An image whose three channels have the values of `gray`, row by row.
inline Image gray_image(int width, int height, const std::vector<uint8_t>& gray) {
  Image image(width, height);
  for (size_t i = 0; i < image.rgb.size(); ++i) image.rgb[i] = gray[i / 3];
  return image;
}

inline Image gray_row(const std::vector<uint8_t>& values) {
  return gray_image(static_cast<int>(values.size()), 1, values);
}

inline std::vector<int> first_channel(const Image& image) {
  std::vector<int> values;
  for (size_t i = 0; i < image.rgb.size(); i += 3) values.push_back(image.rgb[i]);
  return values;
}

}  // namespace epalm::media
