#include "epalm/media/image_transform.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "epalm/base/error.h"
#include "epalm/media/augment.h"
#include "tests/media/encoded_samples.h"

namespace epalm::media {
namespace {

using testing::ElementsAre;

TEST(ToNormalised, PutsChannelsFirst) {
  Image image(2, 1);
  image.rgb = {255, 0, 51, 0, 255, 102};
  const auto values = to_normalised(image);  // [3,1,2]
  ASSERT_EQ(values.size(), 6u);
  for (size_t c = 0; c < 3; ++c) {
    for (size_t x = 0; x < 2; ++x) {
      EXPECT_EQ(values[2 * c + x], (image.rgb[3 * x + c] / 255.0F - kClipMean[c]) / kClipStd[c]);
    }
  }
}

TEST(EvalTransform, MakesASquareOfAnyImage) {
  EXPECT_EQ(eval_transform(samples::gradient(31, 7), 16).size(), 3u * 16 * 16);
  EXPECT_THROW(eval_transform(samples::gradient(3, 3), 0), Error);
}

TEST(Crop, TakesTheBoxAndRefusesOneThatReachesOut) {
  const Image image = samples::gradient(10, 8);
  const Image part = crop(image, {2, 3, 4, 5});
  EXPECT_EQ(part.width, 4);
  EXPECT_EQ(part.height, 5);
  EXPECT_TRUE(std::equal(part.row(0), part.row(1), image.row(3) + 6));
  EXPECT_THROW(crop(image, {7, 0, 4, 1}), Error);
  EXPECT_THROW(crop(image, {-1, 0, 4, 1}), Error);
  EXPECT_THROW(crop(image, {0, 0, 1, 9}), Error);
}

TEST(FlipHorizontally, TwiceIsTheSame) {
  const Image image = samples::gradient(7, 3);
  EXPECT_NE(flip_horizontally(image), image);
  EXPECT_EQ(flip_horizontally(flip_horizontally(image)), image);
}

TEST(RandomCropBox, StaysInsideWithTheStatedAreaAndAspect) {
  PythonRandom random(1);
  int full_width = 0;
  for (int i = 0; i < 2000; ++i) {
    const CropBox box = random_crop_box(200, 111, random);
    ASSERT_GE(box.left, 0);
    ASSERT_GE(box.top, 0);
    ASSERT_LE(box.left + box.width, 200);
    ASSERT_LE(box.top + box.height, 111);
    // Each side is rounded by at most half a pixel.
    ASSERT_GE((box.width + 0.5) * (box.height + 0.5), 0.5 * 200 * 111);
    ASSERT_LE((box.width - 0.5) / (box.height + 0.5), 4.0 / 3.0);
    ASSERT_GE((box.width + 0.5) / (box.height - 0.5), 3.0 / 4.0);
    full_width += box.width == 200;
  }
  EXPECT_EQ(full_width, 0);  // 111 rows allow at most 148 columns
}

TEST(RandomCropBox, FallsBackToTheCentreOfAThinImage) {
  PythonRandom random(1);
  const CropBox wide = random_crop_box(1000, 30, random);
  EXPECT_THAT((std::vector{wide.left, wide.top, wide.width, wide.height}), ElementsAre(480, 0, 40, 30));
  const CropBox tall = random_crop_box(30, 1000, random);
  EXPECT_THAT((std::vector{tall.left, tall.top, tall.width, tall.height}), ElementsAre(0, 480, 30, 40));
  EXPECT_EQ(random_crop_box(1, 1, random).width, 1);
}

TEST(TrainAugment, RepeatsForTheSameSeedAndVariesOtherwise) {
  const Image image = samples::gradient(60, 50);
  PythonRandom first(5);
  PythonRandom second(5);
  const Image once = train_augment(image, 24, first);
  EXPECT_EQ(once.width, 24);
  EXPECT_EQ(once.height, 24);
  EXPECT_EQ(train_augment(image, 24, second), once);
  EXPECT_NE(train_augment(image, 24, first), once);
  EXPECT_THROW(train_augment(Image(), 24, first), Error);
}

// Two draws, each kept with probability 1/2, and one operation of ten the identity: an image stays as it is with
// probability (1/2 + 1/20)^2 = 0.3025 where every other operation changes it. Over 4000 draws the standard deviation is
// 0.0073; the bound is four of them.
TEST(RandomAugment, AppliesOperationsAsOftenAsPublished) {
  Image image = samples::gradient(32, 32);
  for (size_t i = 0; i < image.rgb.size(); i += 7) image.rgb[i] = static_cast<uint8_t>(i * 31 % 200 + 20);
  PythonRandom random(9);
  int unchanged = 0;
  for (int i = 0; i < 4000; ++i) unchanged += random_augment(image, random, {}) == image;
  EXPECT_NEAR(unchanged / 4000.0, 0.3025, 4 * 0.0073);
}

TEST(RandomAugment, WithoutQuirksNeverWhitensAChannel) {
  Image image = samples::gradient(32, 32);
  for (uint8_t& value : image.rgb) value = static_cast<uint8_t>(value / 2 + 30);
  const Image white = autocontrast(image, true);
  const auto whitened = [&](const AugmentQuirks& quirks) {
    PythonRandom random(2);
    int count = 0;
    for (int i = 0; i < 300; ++i) count += random_augment(image, random, quirks) == white;
    return count;
  };
  EXPECT_GT(whitened({}), 0);
  EXPECT_EQ(whitened({false, false}), 0);
}

}  // namespace
}  // namespace epalm::media
