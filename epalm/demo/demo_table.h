#pragma once

#include "epalm/demo/demo_result.h"
#include "epalm/report/text_table.h"

namespace epalm::demo {

// All tasks in one table for a terminal of 80 columns: a pair of columns for each modality, with the medium and with
// the blank one, and a part for questions and one for captions.
report::TextTable figures_table(const DemoResult& result);

// One line for each gate: modality, claim, measured, target, verdict.
report::TextTable gates_table(const DemoResult& result);

}  // namespace epalm::demo
