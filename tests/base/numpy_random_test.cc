#include "epalm/base/numpy_random.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "epalm/base/error.h"

namespace epalm {
namespace {

// numpy.random.seed(42); numpy.random.random_sample(2); numpy.random.seed(42); numpy.random.permutation(7)
TEST(NumpyRandom, GivesNumpysNumbersForSeed42) {
  NumpyRandom random(42);
  EXPECT_EQ(random.random(), 0.3745401188473625);
  EXPECT_EQ(random.random(), 0.9507143064099162);
  EXPECT_EQ(NumpyRandom(42).permutation(7), (std::vector<int64_t>{0, 1, 5, 2, 4, 3, 6}));
}

TEST(NumpyRandom, DrawsInProportion) {
  NumpyRandom random(1);
  std::vector<int> counts(3);
  for (int i = 0; i < 10'000; ++i) ++counts[random.draw({0.1, 0.7, 0.2})];
  // The standard deviation is at most sqrt(10^4 * 0.7 * 0.3) = 46; the bound is over four of them.
  EXPECT_NEAR(counts[0], 1000, 200);
  EXPECT_NEAR(counts[1], 7000, 200);
  EXPECT_NEAR(counts[2], 2000, 200);
}

TEST(NumpyRandom, DrawsTheOnlyPossibleOne) {
  NumpyRandom random(1);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(random.draw({1.0}), 0u);
    EXPECT_EQ(random.draw({0.0, 1.0, 0.0}), 1u);
    EXPECT_EQ(random.draw({0.0, 0.0, 0.0}), 2u);
  }
  EXPECT_EQ(random.randrange(1), 0);
}

TEST(NumpyRandom, RefusesWhatCannotBeDrawn) {
  NumpyRandom random(1);
  EXPECT_THROW(random.draw({}), Error);
  EXPECT_THROW(random.draw({-0.5, 1.5}), Error);
  EXPECT_THROW(random.randrange(0), Error);
  EXPECT_THROW(random.permutation(-1), Error);
}

}  // namespace
}  // namespace epalm
