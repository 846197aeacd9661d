#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "epalm/bench/roofline.h"
#include "epalm/bench/row.h"

namespace epalm::bench {

struct RowResult {
  Row row;
  Measurement measured;
  std::string error;                   // why the row failed; empty: it did not
  std::optional<Roofline> roofline{};  // of measured.work
};

struct RunOptions {
  std::function<bool()> interrupted;  // polled; ends the run with Interrupted
  std::function<void(const std::string& name, int64_t done, int64_t total)> progress;
  // Of this machine. Asked for right after a row, in a process of its own: other work may come and go during a run, and
  // the row's memory stays its own.
  std::function<Peaks(nn::Precision precision)> peaks = measure_peaks;
};

// Measures the rows one after another, each in a process and a temporary folder of its own. A row that throws or dies
// is a result with its error, and the others go on.
std::vector<RowResult> run_rows(const std::vector<Row>& rows, const RunOptions& options = {});

}  // namespace epalm::bench
