#include "epalm/media/augment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "epalm/base/error.h"
#include "tests/media/encoded_samples.h"
#include "tests/media/gray_image.h"

namespace epalm::media {
namespace {

using testing::Each;
using testing::ElementsAre;

TEST(Autocontrast, StretchesOrWrapsAsPublished) {
  const Image image = gray_image(3, 1, {50, 76, 101});
  EXPECT_THAT(first_channel(autocontrast(image, false)), ElementsAre(0, 130, 255));
  EXPECT_THAT(first_channel(autocontrast(image, true)), Each(255));
  const Image from_zero = gray_image(3, 1, {0, 25, 51});
  EXPECT_EQ(autocontrast(from_zero, true), autocontrast(from_zero, false));
  const Image flat = gray_image(3, 1, {9, 9, 9});
  EXPECT_EQ(autocontrast(flat, true), flat);
}

TEST(Sharpness, ClipsOrWrapsAsPublished) {
  const Image dot = gray_image(3, 3, {0, 0, 0, 0, 255, 0, 0, 0, 0});
  // The blur of the centre is 5/13 of 255, 98; 98 + 1.36 * (255 - 98) = 311.52.
  EXPECT_EQ(first_channel(sharpness(dot, 1.36, false))[4], 255);
  EXPECT_EQ(first_channel(sharpness(dot, 1.36, true))[4], 311 - 256);
  const Image hole = gray_image(3, 3, {255, 255, 255, 255, 0, 255, 255, 255, 255});
  // The blur is 8/13 of 255, 157; 157 - 1.36 * 157 = -56.52.
  EXPECT_EQ(first_channel(sharpness(hole, 1.36, false))[4], 0);
  EXPECT_EQ(first_channel(sharpness(hole, 1.36, true))[4], 256 - 56);
}

TEST(Sharpness, LeavesTheBorderAndSmallImages) {
  const Image thin = samples::gradient(2, 9);
  EXPECT_EQ(sharpness(thin, 1.9, true), thin);
  EXPECT_EQ(sharpness(Image(), 1.9, true), Image());
}

TEST(Blends, KeepTheImageAtFactorOne) {
  const Image image = samples::gradient(20, 20);
  EXPECT_EQ(brightness(image, 1.0), image);
  EXPECT_EQ(sharpness(image, 1.0, true), image);
}

TEST(Blends, GiveBlackOrGrayAtFactorZero) {
  EXPECT_THAT(brightness(samples::gradient(4, 4), 0.0).rgb, Each(0));
  const Image flat = gray_image(2, 1, {10, 30});
  EXPECT_THAT(contrast(flat, 0.0).rgb, Each(20));
  const Image gray = color(samples::gradient(4, 4), 0.0);
  for (size_t i = 0; i < gray.rgb.size(); i += 3) EXPECT_EQ(gray.rgb[i], gray.rgb[i + 2]);
}

TEST(Equalize, SpreadsTheLevelsAndKeepsFewPixels) {
  std::vector<uint8_t> levels(512);
  for (size_t i = 0; i < levels.size(); ++i) levels[i] = static_cast<uint8_t>(100 + i / 256);
  // step = 256 / 255 = 1; before 100 stand 0 pixels, before 101 stand 256.
  const auto values = first_channel(equalize(gray_image(512, 1, levels)));
  EXPECT_EQ(values.front(), 0);
  EXPECT_EQ(values.back(), 255);
  const Image few = gray_image(3, 1, {1, 2, 3});
  EXPECT_EQ(equalize(few), few);
}

TEST(Translate, ShiftsByWholePixelsAndFills) {
  const Image image = gray_image(4, 1, {10, 20, 30, 40});
  EXPECT_THAT(first_channel(translate_x(image, 1.0, 7)), ElementsAre(20, 30, 40, 7));
  EXPECT_THAT(first_channel(translate_x(image, -2.0, 7)), ElementsAre(7, 7, 10, 20));
  EXPECT_THAT(first_channel(translate_y(gray_image(1, 3, {1, 2, 3}), 1.0, 7)), ElementsAre(2, 3, 7));
  EXPECT_THAT(first_channel(translate_x(image, 0.5, 7)), ElementsAre(15, 25, 35, 24));  // (40 + 7)/2 rounded up
}

TEST(Shear, LeavesTheFirstRowOrColumn) {
  const Image image = samples::gradient(16, 16);
  const Image sheared = shear_x(image, 0.21);
  EXPECT_TRUE(std::equal(image.row(0), image.row(1), sheared.row(0)));
  EXPECT_FALSE(std::equal(image.row(8), image.row(9), sheared.row(8)));
  EXPECT_EQ(first_channel(shear_y(image, 0.21))[16], first_channel(image)[16]);
}

// OpenCV's centre is W/2, half a pixel right of and below the middle, so a half turn maps x to W - x.
TEST(Rotate, TurnsAboutHalfTheSize) {
  const Image image = gray_image(3, 3, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  EXPECT_THAT(first_channel(rotate(image, 180.0, 0)), ElementsAre(0, 0, 0, 0, 9, 8, 0, 6, 5));
  EXPECT_EQ(rotate(image, 0.0, 0), image);
}

TEST(Posterize, KeepsTheHighestBits) {
  EXPECT_THAT(first_channel(posterize(gray_image(2, 1, {0x7f, 0xff}), 2)), ElementsAre(0x40, 0xc0));
  EXPECT_THROW(posterize(Image(1, 1), 9), Error);
}

TEST(Solarize, InvertsFromTheThreshold) {
  EXPECT_THAT(first_channel(solarize(gray_image(2, 1, {127, 128}), 128)), ElementsAre(127, 127));
}

}  // namespace
}  // namespace epalm::media
