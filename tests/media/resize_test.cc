#include "epalm/media/resize.h"

#include <gtest/gtest.h>

#include "epalm/base/error.h"
#include "tests/media/encoded_samples.h"
#include "tests/media/gray_image.h"

namespace epalm::media {
namespace {

TEST(ResizeBicubic, KeepsAnImageOfTheSameSize) {
  const Image image = samples::gradient(17, 9);
  EXPECT_EQ(resize_bicubic(image, 17, 9), image);
}

TEST(ResizeBicubic, KeepsAConstantAtAnySize) {
  for (const int size : {1, 2, 5, 64, 301}) {
    const Image result = resize_bicubic(gray_row(std::vector<uint8_t>(50, 201)), size, size);
    ASSERT_EQ(result.width, size);
    ASSERT_EQ(result.height, size);
    for (const uint8_t value : result.rgb) ASSERT_EQ(value, 201) << "size " << size;
  }
}

// Doubling puts each output sample a quarter off an input sample; with a = -0.5 the four inputs around it, from the one
// 1.25 off over the nearest (0.25) and the next (0.75) to the one 1.75 off, then weigh -9, 111, 29 and -3 of 128ths.
TEST(ResizeBicubic, DoublesByTheCubicKernel) {
  const auto values = first_channel(resize_bicubic(gray_row({0, 0, 0, 128, 128, 128}), 12, 1));
  EXPECT_EQ(values[5], 26);   // 29 - 3
  EXPECT_EQ(values[6], 102);  // 128 - 26
  EXPECT_EQ(values[4], 0);    // -9 is clipped
  EXPECT_EQ(values[7], 137);  // 128 + 9
}

TEST(ResizeBicubic, AveragesWhenShrinking) {
  std::vector<uint8_t> stripes(400);
  for (size_t i = 0; i < stripes.size(); ++i) stripes[i] = i % 2 == 0 ? 0 : 255;
  for (const int value : first_channel(resize_bicubic(gray_row(stripes), 10, 1))) {
    EXPECT_NEAR(value, 127.5, 2.5);  // without antialiasing it would be 0 or 255
  }
}

TEST(ResizeBicubic, RefusesNothing) {
  EXPECT_THROW(resize_bicubic(Image(), 4, 4), Error);
  EXPECT_THROW(resize_bicubic(Image(4, 4), 0, 4), Error);
}

}  // namespace
}  // namespace epalm::media
