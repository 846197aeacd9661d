#pragma once

#include <cstddef>
#include <functional>

namespace epalm::demo {

// Calls work(0) … work(count - 1), each on a thread of its own, at most as many at once as there are threads to compute
// with (at::get_num_threads) and begun in that order. The threads are shared out: of eight, each of three works
// computes with two. The first exception stops the rest: `stop` is called, no further work begins, and it is thrown
// once those at work have ended.
void side_by_side(size_t count, const std::function<void(size_t)>& work, const std::function<void()>& stop);

}  // namespace epalm::demo
