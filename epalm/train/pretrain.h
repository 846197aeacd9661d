#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "epalm/nn/weights.h"
#include "epalm/train/parameter_groups.h"

namespace epalm::train {

// How long and how fast the tiny world's unimodal models are trained from random weights (TINY_WORLD.md). The learning
// rate rises linearly over warmup_steps and falls as a cosine to a tenth of a hundredth of itself.
struct PretrainOptions {
  int64_t steps = 0;
  int64_t batch_size = 0;
  double learning_rate = 0;
  int64_t warmup_steps = 200;
  double matrix_rate = 0;  // of Muon for the hidden matrices, over the steps as learning_rate; 0: AdamW for all
  double weight_decay = 0.01;
  std::array<double, 2> betas{0.9, 0.999};  // of AdamW
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

// `weights` trained wholly: turns their gradients on, makes options.steps updates, each on the scalar that next_loss
// gives for a fresh batch, and turns them off. `others` (a head, say) never count as hidden matrices. Products are
// rounded to bfloat16 (nn::Bfloat16Products).
void minimise(const PretrainOptions& options, const nn::Weights& weights, const std::vector<Parameter>& others,
              const std::function<at::Tensor()>& next_loss, const OnPretrainProgress& progress);

}  // namespace epalm::train
