#include "epalm/media/image_file.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "epalm/base/error.h"

namespace epalm::media {
namespace {

std::filesystem::path temporary(const std::string& name) {
  return std::filesystem::path(testing::TempDir()) / name;
}

Image gradient(int width, int height) {
  Image image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      uint8_t* pixel = image.row(y) + 3 * x;
      pixel[0] = static_cast<uint8_t>(x * 255 / width);
      pixel[1] = static_cast<uint8_t>(y * 255 / height);
      pixel[2] = 100;
    }
  }
  return image;
}

TEST(SaveImage, PngKeepsEveryPixel) {
  const Image image = gradient(33, 20);
  save_image(temporary("gradient.png"), image);
  EXPECT_EQ(load_image(temporary("gradient.png")), image);
}

TEST(SaveImage, JpegStaysClose) {
  const Image image = gradient(33, 20);
  save_image(temporary("gradient.JPG"), image);
  const Image loaded = load_image(temporary("gradient.JPG"));
  ASSERT_EQ(loaded.rgb.size(), image.rgb.size());
  for (size_t i = 0; i < image.rgb.size(); ++i) {
    // At quality 95 no quantisation step exceeds 12 for the low frequencies that a gradient has.
    EXPECT_LE(std::abs(loaded.rgb[i] - image.rgb[i]), 12) << "at byte " << i;
  }
}

}  // namespace
}  // namespace epalm::media
