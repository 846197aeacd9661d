#include "epalm/media/video_transform.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "epalm/base/error.h"
#include "epalm/media/clip_augment.h"
#include "epalm/media/frame_sampling.h"
#include "epalm/media/image_transform.h"
#include "epalm/media/tensor_resize.h"
#include "tests/media/av_samples.h"
#include "tests/media/gray_image.h"

namespace epalm::media {
namespace {

using testing::Each;
using testing::ElementsAre;

TEST(ResizeUnsmoothed, KeepsSizeAndConstants) {
  const Image image = samples::numbered_frame(5, 17, 9);
  EXPECT_EQ(resize_bicubic_unsmoothed(image, 17, 9), image);
  EXPECT_THAT(resize_bicubic_unsmoothed(gray_row(std::vector<uint8_t>(50, 201)), 31, 7).rgb, Each(201));
  EXPECT_THROW(resize_bicubic_unsmoothed(Image(), 4, 4), Error);
  EXPECT_THROW(resize_bicubic_unsmoothed(image, 0, 4), Error);
}

// Halving puts each output sample between two inputs; with a = -0.75 the four around it weigh -3, 19, 19 and -3 of
// 32nds, and nothing else counts.
TEST(ResizeUnsmoothed, TakesFourSamplesHoweverMuchItShrinks) {
  EXPECT_THAT(first_channel(resize_bicubic_unsmoothed(gray_row({0, 0, 0, 64, 0, 0, 0, 0}), 4, 1)),
              ElementsAre(0, 38, 0, 0));  // 64 * 19/32; on its left and right -6, clipped
  std::vector<uint8_t> stripes(400);
  for (size_t i = 0; i < stripes.size(); ++i) stripes[i] = i % 10 == 4 || i % 10 == 5 ? 255 : 0;
  EXPECT_THAT(first_channel(resize_bicubic_unsmoothed(gray_row(stripes), 40, 1)), Each(255));  // smoothing gives 51
}

TEST(ClipEvalTransform, LaysOutChannelsOrFramesFirst) {
  const std::vector<Image> clip = samples::numbered_frames(3, 12, 10);
  const auto channels_first = clip_eval_transform(clip, 8);
  const auto frames_first = clip_eval_transform(clip, 8, ClipLayout::kFramesFirst);
  ASSERT_EQ(channels_first.size(), 3U * 3 * 64);
  for (size_t f = 0; f < 3; ++f) {
    const auto frame = to_normalised(resize_bicubic_unsmoothed(clip[f], 8, 8));
    for (size_t c = 0; c < 3; ++c) {
      for (size_t i = 0; i < 64; ++i) {
        ASSERT_EQ(channels_first[(c * 3 + f) * 64 + i], frame[c * 64 + i]);
        ASSERT_EQ(frames_first[(f * 3 + c) * 64 + i], frame[c * 64 + i]);
      }
    }
  }
  EXPECT_EQ(clip_to_normalised(std::vector<Image>{clip[0]}), to_normalised(clip[0]));
}

TEST(ClipTransforms, RefuseWhatIsNoClip) {
  PythonRandom random(1);
  for (const std::vector<Image>& clip :
       {std::vector<Image>{}, std::vector<Image>{Image()}, std::vector<Image>{Image(4, 4), Image(4, 5)}}) {
    EXPECT_THROW(clip_to_normalised(clip), Error);
    EXPECT_THROW(clip_eval_transform(clip, 8), Error);
    EXPECT_THROW(clip_train_augment(clip, 8, random), Error);
  }
}

TEST(ClipTrainAugment, DoesTheSameToEveryFrame) {
  const std::vector<Image> same(4, samples::numbered_frame(300, 40, 30));
  PythonRandom random(2);
  std::set<std::vector<uint8_t>> results;
  for (int i = 0; i < 40; ++i) {
    const auto clip = clip_train_augment(same, 24, random);
    ASSERT_EQ(clip.size(), 4U);
    for (const Image& frame : clip) ASSERT_EQ(frame, clip[0]);
    ASSERT_EQ(clip[0].width, 24);
    ASSERT_EQ(clip[0].height, 24);
    results.insert(clip[0].rgb);
  }
  EXPECT_GT(results.size(), 35U);  // hardly ever the same twice
  PythonRandom one(3);
  PythonRandom other(3);
  EXPECT_EQ(clip_train_augment(same, 24, one), clip_train_augment(same, 24, other));
}

TEST(AugmentFrame, LeavesTheImageAtStrengthZero) {
  const Image image = samples::numbered_frame(77, 20, 16);
  using enum ClipOperation;
  for (const ClipOperation operation :
       {kIdentity, kShearX, kShearY, kTranslateX, kTranslateY, kRotate, kBrightness, kColor, kContrast, kSharpness}) {
    EXPECT_EQ(augment_frame(image, operation, 0), image) << static_cast<int>(operation);
  }
  EXPECT_EQ(augment_frame(image, kPosterize, 8), image);
  EXPECT_EQ(augment_frame(image, kSolarize, 256), image);
  for (int operation = 0; operation < kClipOperations; ++operation) {
    EXPECT_EQ(augment_frame(Image(), static_cast<ClipOperation>(operation), 0), Image());
  }
}

TEST(AugmentFrame, MovesWholePixelsAndFillsBlack) {
  const Image image = gray_row({10, 20, 30, 40});
  EXPECT_THAT(first_channel(augment_frame(image, ClipOperation::kTranslateX, 1.9)), ElementsAre(0, 10, 20, 30));
  EXPECT_THAT(first_channel(augment_frame(image, ClipOperation::kTranslateX, -2)), ElementsAre(30, 40, 0, 0));
  EXPECT_THAT(first_channel(augment_frame(image, ClipOperation::kTranslateY, 1)), Each(0));
}

TEST(AugmentFrame, TurnsCounterClockwise) {
  Image image(3, 3);
  for (size_t i = 0; i < 9; ++i)
    std::fill_n(image.rgb.begin() + static_cast<std::ptrdiff_t>(3 * i), 3, static_cast<uint8_t>(i + 1));
  EXPECT_THAT(first_channel(augment_frame(image, ClipOperation::kRotate, 90)), ElementsAre(3, 6, 9, 2, 5, 8, 1, 4, 7));
  EXPECT_THAT(first_channel(augment_frame(image, ClipOperation::kRotate, 180)), ElementsAre(9, 8, 7, 6, 5, 4, 3, 2, 1));
}

TEST(AugmentFrame, BlendsTowardsBlackGrayAndItself) {
  EXPECT_THAT(augment_frame(gray_row({100, 200}), ClipOperation::kBrightness, -1).rgb, Each(0));
  EXPECT_THAT(first_channel(augment_frame(gray_row({100, 200}), ClipOperation::kBrightness, 0.5)),
              ElementsAre(150, 255));
  EXPECT_THAT(first_channel(augment_frame(gray_row({100, 200}), ClipOperation::kAutoContrast, 0)), ElementsAre(0, 255));
  EXPECT_THAT(first_channel(augment_frame(gray_row({100, 200}), ClipOperation::kSolarize, 178.5)),
              ElementsAre(100, 55));
  EXPECT_THAT(first_channel(augment_frame(gray_row({0x7f, 0xff}), ClipOperation::kPosterize, 2)),
              ElementsAre(0x40, 0xc0));
  const Image gray = augment_frame(samples::numbered_frame(9, 8, 8), ClipOperation::kColor, -1);
  for (size_t i = 0; i < gray.rgb.size(); i += 3) ASSERT_EQ(gray.rgb[i], gray.rgb[i + 2]);
}

TEST(AugmentFrame, RefusesStrengthsThatMeanNothing) {
  const Image image = gray_row({1, 2});
  EXPECT_THROW(augment_frame(image, ClipOperation::kRotate, NAN), Error);
  EXPECT_THROW(augment_frame(image, ClipOperation::kBrightness, -1.5), Error);
  EXPECT_THROW(augment_frame(image, ClipOperation::kPosterize, 9), Error);
  EXPECT_THROW(augment_frame(image, static_cast<ClipOperation>(99), 0), Error);
  EXPECT_THAT(augment_frame(image, ClipOperation::kTranslateX, 1e300).rgb, Each(0));
}

TEST(RandomClipAugmentation, DrawsEachOperationAndBothSigns) {
  PythonRandom random(6);
  std::set<std::pair<ClipOperation, double>> seen;
  for (int i = 0; i < 3000; ++i) {
    const auto drawn = random_clip_augmentation(224, 112, random);
    seen.emplace(drawn.operation, drawn.magnitude);
  }
  EXPECT_EQ(seen.size(), 14U + 9);  // nine have a sign
  EXPECT_TRUE(seen.contains({ClipOperation::kRotate, -9.0}));
  EXPECT_TRUE(seen.contains({ClipOperation::kPosterize, 7.0}));
  EXPECT_TRUE(seen.contains({ClipOperation::kSolarize, 178.5}));
}

TEST(FrameSampling, PadsShortVideosAndNamesRules) {
  PythonRandom random(1);
  NumpyRandom numpy_random(1);
  EXPECT_THAT(sample_middle(3, 5), ElementsAre(0, 1, 2, 2, 2));
  EXPECT_THAT(sample_middle(10, 2), ElementsAre(2, 7));
  EXPECT_THAT(sample_fixed_start(10, 2, 1), ElementsAre(1, 6));
  EXPECT_THROW(sample_fixed_start(10, 2, 5), Error);
  EXPECT_THROW(sample_middle(0, 2), Error);
  EXPECT_THROW(sample_middle(5, 0), Error);
  EXPECT_THROW(sample_by_rate(10, 0, 1), Error);
  EXPECT_THROW(sample_by_rate(1 << 30, 25, 1e9), Error);
  EXPECT_EQ(frame_rule_named("fps2.5"), (FrameRule{FrameRule::Kind::kByRate, 0, 2.5}));
  EXPECT_EQ(frame_rule_named("fix_start3"), (FrameRule{FrameRule::Kind::kFixedStart, 3}));
  for (const char* name : {"", "fps", "fps0", "fps-1", "fpsnan", "fps1x", "fix_start-1", "fix_start1.5", "Middle"}) {
    EXPECT_THROW(frame_rule_named(name), Error) << name;
  }
  for (int64_t total = 1; total < 40; ++total) {
    for (int64_t count = 1; count < 20; ++count) {
      const auto indices = sample_random(total, count, random, numpy_random);
      ASSERT_EQ(std::ssize(indices), count);
      ASSERT_TRUE(std::is_sorted(indices.begin(), indices.end()));
      ASSERT_GE(indices.front(), 0);
      ASSERT_LT(indices.back(), total);
      const std::set<int64_t> distinct(indices.begin(), indices.end());
      ASSERT_EQ(std::ssize(distinct), std::min(total, count));
    }
  }
}

}  // namespace
}  // namespace epalm::media
