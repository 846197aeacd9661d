#pragma once

#include <string>
#include <vector>

#include "epalm/report/text_table.h"
#include "epalm/reproduce/run_table.h"

namespace epalm::reproduce {

// What a table of results says of one task.
struct TaskTable {
  std::string title;  // as "vqa: accuracy"
  report::TextTable table;
};

// Rows by groups: metrics as mean ± standard deviation over the seeds, trained parameters and their share, seconds per
// epoch, peak memory, and the paper's own figures where it has some.
std::vector<TaskTable> task_tables(const TableResult& result);

// A line for each verdict (verdict.h); without rows where there is none.
report::TextTable verdict_table(const TableResult& result);

// What a reader must know to read the figures, and what could not be done.
std::vector<std::string> notes_of(const TableResult& result);

// What --list prints.
report::TextTable rows_table(const std::vector<Row>& rows);

// The heading of a group.
std::string group_title(const std::string& group);

// Metrics of a task that tables show, the main one first.
std::vector<std::string> shown_metrics(infer::Task task);

// "62.0 ± 0.4"; without a deviation "62.0".
std::string mean_text(const Mean& mean);

}  // namespace epalm::reproduce
