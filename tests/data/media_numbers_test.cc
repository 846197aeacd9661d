#include "epalm/data/media_numbers.h"

#include <gtest/gtest.h>

namespace epalm::data {
namespace {

TEST(MediaNumbers, CountMediaInTheOrderInWhichTheyFirstOccur) {
  std::vector<Sample> samples;
  for (const char* media : {"b.png", "a.png", "b.png", "c.png", "a.png"}) samples.emplace_back().media = media;
  EXPECT_EQ(media_numbers(SampleList(samples)), (std::vector<int64_t>{0, 1, 0, 2, 1}));
  EXPECT_TRUE(media_numbers(SampleList()).empty());
}

}  // namespace
}  // namespace epalm::data
