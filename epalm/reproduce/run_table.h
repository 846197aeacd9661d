#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "epalm/demo/demo.h"
#include "epalm/reproduce/cell.h"
#include "epalm/reproduce/row.h"

namespace epalm::reproduce {

// How far a table has come.
struct TableProgress {
  int done = 0, runs = 0;              // runs that differ; what an earlier call finished counts as done
  double share = 0;                    // 0..1 of what this call has to do
  double eta_s = -1;                   // to its end; negative: nothing is known yet
  std::vector<std::string> at_work{};  // as "vqa limber, seed 43: train", or "world"
};

struct TableOptions {
  std::string table = "methods";  // its name, which the files carry
  std::vector<Row> rows;
  // Output folder, models, tasks, the worlds' sizes, and the user's keys, which win over those of the rows.
  demo::DemoOptions world;
  int seeds = 3;  // 42, 43, …
  int caption_epochs =
      0;  // of captioning tasks, where few media need more than their configurations say; 0: as those say
  std::string command;
  // Runs are processes of their own, so that their memory is: nothing may have been computed before in this one. Else
  // they run here and no memory is measured.
  bool own_processes = true;
  std::function<void(const TableProgress&)> progress = {};  // called from several threads, from one at a time
  std::function<bool()> interrupted = {};                   // asked from several threads at once
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
  std::map<infer::Modality, int> media{};  // that training may see
  int seeds = 0;
  int caption_epochs = 0;                     // as in TableOptions
  std::vector<std::vector<Entry>> entries{};  // [task][row]
  bool failed = false;                        // some run could not be done
};

// Runs what is not yet in the output folder: rows × tasks × seeds, as many side by side as there are threads to compute
// with. A run that fails is a problem of its entry, and the others go on. Throws Error for what no run can be done
// with, such as unknown keys, and Interrupted; the same call continues.
TableResult run_table(const TableOptions& options);

}  // namespace epalm::reproduce
