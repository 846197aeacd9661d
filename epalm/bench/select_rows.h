#pragma once

#include <string>
#include <vector>

#include "epalm/bench/row.h"

namespace epalm::bench {

// The rows that `names` ask for, in the order of `rows`, each once: a name selects its row, or else every row whose
// name begins with it. No names: all. Throws Error for a name that selects nothing, with the nearest row.
std::vector<Row> select_rows(const std::vector<Row>& rows, const std::vector<std::string>& names);

}  // namespace epalm::bench
