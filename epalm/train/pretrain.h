#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace epalm::train {

// How long and how fast the tiny world's unimodal models are trained from random weights (TINY_WORLD.md). The learning
// rate rises linearly over warmup_steps and falls as a cosine to a tenth of a hundredth of itself.
struct PretrainOptions {
  int64_t steps = 0;
  int64_t batch_size = 0;
  double learning_rate = 0;
  int64_t warmup_steps = 200;
  double weight_decay = 0.01;
  uint64_t seed = 1;
};

struct PretrainProgress {
  int64_t step = 0;
  double loss = 0;  // mean over the steps since the last report
  double seconds = 0;
};

// Called every 50 steps and after the last one; returning false stops cleanly.
using OnPretrainProgress = std::function<bool(const PretrainProgress&)>;

double pretrain_rate(const PretrainOptions& options, int64_t step);

}  // namespace epalm::train
