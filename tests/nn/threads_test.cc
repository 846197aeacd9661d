#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <mutex>
#include <set>
#include <thread>

namespace epalm::nn {
namespace {

// A build without OpenMP would run every loop of this room on one thread, in silence.
TEST(Threads, ShareOutALoop) {
#ifdef __clang__
  GTEST_SKIP() << "clang's builds do without OpenMP: their own loops run on one thread";
#endif
  const int before = at::get_num_threads();
  at::set_num_threads(2);
  std::mutex mutex;
  std::set<std::thread::id> threads;
  at::parallel_for(0, 2, 1, [&](int64_t, int64_t) {
    const std::lock_guard lock(mutex);
    threads.insert(std::this_thread::get_id());
  });
  at::set_num_threads(before);
  EXPECT_EQ(threads.size(), 2U);
}

}  // namespace
}  // namespace epalm::nn
