#include "epalm/nn/dropout.h"

#include <ATen/CPUGeneratorImpl.h>

namespace epalm::nn {
namespace {

at::Generator& generator() {
  thread_local at::Generator own = at::detail::createCPUGenerator(0);
  return own;
}

}  // namespace

void seed_dropout(uint64_t seed) {
  generator().set_current_seed(seed);
  at::manual_seed(seed);  // other devices draw from libtorch's generator
}

at::Tensor dropout(const at::Tensor& x, double rate) {
  if (rate <= 0) return x;
  if (!x.device().is_cpu() || rate >= 1) return at::dropout(x, rate, true);
  return x * at::empty_like(x).bernoulli_(1 - rate, generator()).div_(1 - rate);
}

bool happens(double probability) {
  return probability > 0 && at::rand({1}, generator()).item<double>() < probability;
}

at::Tensor dropout_state() {
  return generator().get_state();
}

DrawsAgain::DrawsAgain(const at::Tensor& state) : before_(dropout_state()) {
  generator().set_state(state);
}
DrawsAgain::~DrawsAgain() {
  generator().set_state(before_);
}

}  // namespace epalm::nn
