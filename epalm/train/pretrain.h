#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "epalm/train/optimizer.h"

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

// The loop of every training from scratch: options.steps updates of the optimizer's one group, each on the scalar that
// next_loss gives for a fresh batch. Products are rounded to bfloat16 (nn::Bfloat16Products).
void minimise(const PretrainOptions& options, Optimizer& optimizer, const std::function<at::Tensor()>& next_loss,
              const OnPretrainProgress& progress);

}  // namespace epalm::train
