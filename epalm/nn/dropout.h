#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace epalm::nn {

// Starts the numbers that training draws on this thread: those of dropout, stochastic depth and layerdrop. Each thread
// has its own, so that trainings side by side do not depend on each other. A thread that was not seeded begins at 0.
void seed_dropout(uint64_t seed);

// As at::dropout in training: each number becomes zero with probability rate, 0..1, the others grow by 1 / (1 - rate).
// The draws are those of at::dropout after at::manual_seed with the same seed.
at::Tensor dropout(const at::Tensor& x, double rate);

// Whether something with this probability happens.
bool happens(double probability);

// Where this thread's numbers stand.
at::Tensor dropout_state();

// While one lives, this thread draws what it drew from that state on; afterwards it goes on where it was.
class DrawsAgain {
 public:
  explicit DrawsAgain(const at::Tensor& state);
  ~DrawsAgain();
  DrawsAgain(const DrawsAgain&) = delete;
  DrawsAgain& operator=(const DrawsAgain&) = delete;

 private:
  at::Tensor before_;
};

}  // namespace epalm::nn
