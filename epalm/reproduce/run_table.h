#pragma once

#include <functional>
#include <string>
#include <vector>

#include "epalm/demo/demo.h"
#include "epalm/reproduce/cell.h"
#include "epalm/reproduce/row.h"

namespace epalm::reproduce {

// How far a table has come.
struct TableProgress {
  int run = 0, runs = 0;  // the run at work, counted from 1; 0: the worlds are written
  std::string what{};     // the run, as "vqa limber, seed 43", or "world"
  std::string stage{};    // of the run, as "train"
  double share = 0;       // 0..1 of the run
  double eta_s = -1;      // to the end of the table; negative: nothing is known yet
};

struct TableOptions {
  std::string table = "methods";  // its name, which the files carry
  std::vector<Row> rows;
  // Output folder, models, tasks, the worlds' sizes, and the user's keys, which win over those of the rows.
  demo::DemoOptions world;
  int seeds = 3;  // 42, 43, …
  std::string command;
  // Runs are processes of their own, so that their memory is: nothing may have been computed before in this one. Else
  // they run here and no memory is measured.
  bool own_processes = true;
  std::function<void(const TableProgress&)> progress = {};  // called from the process of the run
  std::function<bool()> interrupted = {};
};

// accuracy, or CIDEr of captions: what rows are compared by.
std::string main_metric(infer::Task task);

// A row on a task.
struct Entry {
  std::vector<CellResult> runs;  // one for each seed that could be done
  std::string problem;           // why others could not, or that the row cannot be with these models; empty: none

  bool measured() const { return !runs.empty(); }
  // Of a metric over the seeds; none where no run has it.
  std::optional<Mean> metric(const std::string& name) const;
};

struct TableResult {
  std::string table{}, command{};
  std::vector<Row> rows{};
  std::vector<infer::Task> tasks{};
  int seeds = 0;
  std::vector<std::vector<Entry>> entries{};  // [task][row]
  bool failed = false;                        // some run could not be done
};

// Runs what is not yet in the output folder: rows × tasks × seeds. A run that fails is a problem of its entry, and the
// others go on. Throws Error for what no run can be done with, such as unknown keys, and Interrupted; the same call
// continues.
TableResult run_table(const TableOptions& options);

}  // namespace epalm::reproduce
