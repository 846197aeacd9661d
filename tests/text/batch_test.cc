#include "epalm/text/batch.h"

#include <gmock/gmock.h>

namespace epalm::text {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Pad, FillsUpOnTheRightToTheLongestRow) {
  const TokenBatch batch = pad({{2, 7, 8}, {2}, {2, 9}}, 1);
  EXPECT_EQ(batch.rows, 3);
  EXPECT_EQ(batch.columns, 3);
  EXPECT_THAT(batch.ids, ElementsAre(2, 7, 8, 2, 1, 1, 2, 9, 1));
  EXPECT_THAT(batch.mask, ElementsAre(1, 1, 1, 1, 0, 0, 1, 1, 0));
}

TEST(Pad, CountsAPaddingTokenInsideARowAsAToken) {
  const TokenBatch batch = pad({{2, 1, 5}, {2, 5}}, 1);
  EXPECT_THAT(batch.mask, ElementsAre(1, 1, 1, 1, 1, 0));
}

TEST(Pad, OfNothingIsEmpty) {
  EXPECT_EQ(pad({}, 1).rows, 0);
  EXPECT_EQ(pad({{}, {}}, 1).rows, 2);
  EXPECT_EQ(pad({{}, {}}, 1).columns, 0);
  EXPECT_THAT(pad({{}, {}}, 1).ids, IsEmpty());
}

}  // namespace
}  // namespace epalm::text
