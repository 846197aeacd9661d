#include "epalm/demo/side_by_side.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <mutex>
#include <stdexcept>
#include <vector>

namespace epalm::demo {
namespace {

using testing::Each;
using testing::ElementsAre;

// With a number of threads that the machine need not have.
class SideBySide : public testing::Test {
 protected:
  ~SideBySide() override { at::set_num_threads(before_); }

  int before_ = at::get_num_threads();
};

TEST_F(SideBySide, DoesEachWorkOnceInOrderOnOneThread) {
  at::set_num_threads(1);
  std::vector<size_t> done;
  side_by_side(
      4, [&](size_t i) { done.push_back(i); }, [] { FAIL(); });
  EXPECT_THAT(done, ElementsAre(0, 1, 2, 3));
  side_by_side(
      0, [&](size_t) { FAIL(); }, [] { FAIL(); });
}

TEST_F(SideBySide, WorksRunAtOnceAndShareTheThreads) {
  at::set_num_threads(7);
  std::barrier together(3);  // waits for ever where they do not run at once
  std::vector<int> threads(3);
  side_by_side(
      3,
      [&](size_t i) {
        together.arrive_and_wait();
        threads[i] = at::get_num_threads();
      },
      [] { FAIL(); });
  EXPECT_THAT(threads, Each(2));
  EXPECT_EQ(at::get_num_threads(), 7);
}

TEST_F(SideBySide, FirstErrorStopsTheOthersAndIsThrown) {
  at::set_num_threads(2);
  std::atomic<bool> stopped = false;
  std::atomic<int> begun = 0;
  const auto work = [&](size_t i) {
    ++begun;
    if (i == 0) throw std::runtime_error("first");
    while (!stopped) std::this_thread::yield();
    throw std::runtime_error("second");
  };
  try {
    side_by_side(5, work, [&] { stopped = true; });
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "first");
  }
  EXPECT_LE(begun, 2);
  EXPECT_EQ(at::get_num_threads(), 2);
}

}  // namespace
}  // namespace epalm::demo
