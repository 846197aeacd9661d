#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "epalm/bench/row.h"

namespace epalm::bench {

struct RowResult {
  Row row;
  Measurement measured;
  std::string error;  // why the row failed; empty: it did not
};

struct RunOptions {
  std::function<bool()> interrupted;  // polled; ends the run with Interrupted
  std::function<void(const std::string& name, int64_t done, int64_t total)> progress;
};

// Measures the rows one after another, each in a process and a temporary folder of its own. A row that throws or dies
// is a result with its error, and the others go on.
std::vector<RowResult> run_rows(const std::vector<Row>& rows, const RunOptions& options = {});

}  // namespace epalm::bench
