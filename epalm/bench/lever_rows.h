#pragma once

#include <string>
#include <vector>

#include "epalm/bench/large_model.h"
#include "epalm/bench/row.h"

namespace epalm::bench {

// The models on which levers are tried. The default computes a step in seconds on one core.
struct LeverSubject {
  std::string lm_name = std::string("OPT-") + kSmallLm;
  lm::OptConfig lm = lm::opt_shape(kSmallLm);
  std::string vit = kLargeVit;
};

// lever.*: what each lever of a training step and of generation is worth alone, in time and memory. The twin has that
// one switched off and all others on; each side runs in a process of its own.
std::vector<Row> lever_rows(const LeverSubject& subject = {});

}  // namespace epalm::bench
