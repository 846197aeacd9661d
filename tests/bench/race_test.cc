#include "epalm/bench/race.h"

#include <gtest/gtest.h>

#include <string>

namespace epalm::bench {
namespace {

TEST(Race, RunsBothOnceAndThenAlternately) {
  std::string order;
  RaceOptions options;
  options.rounds = 3;
  options.least_s = 0;
  race([&] { order += 'o'; }, [&] { order += 't'; }, options);
  EXPECT_EQ(order, "otototot");
}

TEST(Race, RepeatsShortWorkUntilItCanBeTimed) {
  int calls = 0;
  RaceOptions options;
  options.rounds = 1;
  options.least_s = 1e-3;
  race([&] { ++calls; }, [] {}, options);
  EXPECT_GT(calls, 10);  // a call takes well below 100 us
}

TEST(Race, FiguresArePositiveForWorkOfNoLength) {
  RaceOptions options;
  options.least_s = 0;
  options.clock = Clock::kCpu;
  const RaceResult result = race([] {}, [] {}, options);
  EXPECT_GT(result.ours_s, 0);
  EXPECT_GT(result.twin_s, 0);
  EXPECT_GT(result.ratio, 0);
}

TEST(Median, IsTheMiddleOrTheMeanOfTheTwoMiddleOnes) {
  EXPECT_EQ(median({5}), 5);
  EXPECT_EQ(median({9, 1, 2}), 2);
  EXPECT_EQ(median({9, 1, 2, 4}), 3);
}

}  // namespace
}  // namespace epalm::bench
