#include "epalm/train/pretrain.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace epalm::train {

double pretrain_rate(const PretrainOptions& options, int64_t step) {
  if (step < options.warmup_steps) {
    return options.learning_rate * static_cast<double>(step + 1) / static_cast<double>(options.warmup_steps);
  }
  const double left = static_cast<double>(std::max<int64_t>(options.steps - options.warmup_steps, 1));
  const double done = static_cast<double>(step - options.warmup_steps) / left;
  return options.learning_rate * (0.001 + 0.999 * 0.5 * (1 + std::cos(std::numbers::pi * done)));
}

}  // namespace epalm::train
