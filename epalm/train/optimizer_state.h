#pragma once

#include <string>
#include <vector>

#include "epalm/io/pickle_value.h"
#include "epalm/train/optimizer.h"

namespace epalm::train {

// The state_dict of a published optimiser (SPEC.md §6.4): states by parameter number, counted over the groups with the
// frozen ones, and the groups. initial_rates: one for each group.
io::Value optimizer_value(const Optimizer& optimizer, const std::vector<double>& initial_rates);

// Restores rates and state from such a dict. Throws Error where it is of other groups, another optimiser or other
// parameters; `where` names the file.
void restore_optimizer(const io::Value& value, const std::string& where, Optimizer& optimizer);

}  // namespace epalm::train
