#include "epalm/bench/clip_pictures.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

namespace epalm::bench {
namespace {

TEST(ClipPictures, HaveTheSizeAskedForAtEveryIndex) {
  const ClipPictures pictures(40, 24);
  for (const int64_t index : {0, 1, 97, 1'000'000}) {
    const media::Image image = pictures(index);
    EXPECT_EQ(image.width, 40);
    EXPECT_EQ(image.height, 24);
    EXPECT_EQ(image, ClipPictures(40, 24)(index));
  }
}

TEST(ClipPictures, ShowTextureThatMoves) {
  const ClipPictures pictures(64, 48);
  const media::Image first = pictures(0);
  const auto [low, high] = std::minmax_element(first.rgb.begin(), first.rgb.end());
  EXPECT_GT(*high - *low, 64);
  EXPECT_NE(first, pictures(5));
}

}  // namespace
}  // namespace epalm::bench
