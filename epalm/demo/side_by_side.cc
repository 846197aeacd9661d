#include "epalm/demo/side_by_side.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace epalm::demo {

void side_by_side(size_t count, const std::function<void(size_t)>& work, const std::function<void()>& stop) {
  const int threads = at::get_num_threads();
  const size_t lanes = std::min(count, static_cast<size_t>(threads));
  std::mutex mutex;
  size_t next = 0;
  std::exception_ptr first_error;

  const auto run_lane = [&] {
    at::set_num_threads(threads / static_cast<int>(lanes));  // counts for the calling thread
    while (true) {
      size_t mine = 0;
      {
        const std::lock_guard lock(mutex);
        if (first_error || next == count) return;
        mine = next++;
      }
      try {
        work(mine);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (first_error) return;  // what ends because it was stopped says nothing new
        first_error = std::current_exception();
        stop();
      }
    }
  };

  std::vector<std::thread> running;
  for (size_t i = 0; i < lanes; ++i) running.emplace_back(run_lane);
  for (std::thread& thread : running) thread.join();
  at::set_num_threads(threads);
  if (first_error) std::rethrow_exception(first_error);
}

}  // namespace epalm::demo
