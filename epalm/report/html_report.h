#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "epalm/report/bar_chart.h"
#include "epalm/report/exhibit.h"
#include "epalm/report/line_chart.h"
#include "epalm/report/text_table.h"

namespace epalm::report {

// One metric in percent (CIDEr may exceed 100) beside what it is to be compared with; NaN and absent values show as a
// dash.
struct ResultRow {
  std::string metric;
  double value = 0;
  std::optional<double> blank = {};          // the same model shown media without content
  std::optional<double> most_frequent = {};  // always the most frequent training answer
  std::optional<double> ceiling = {};        // the language model given the true description as text
};

struct TaskReport {
  std::string modality = {}, task = {};  // tasks of one modality stand together, in the order of the first of each
  std::string media = "pictures";        // what was tested on: pictures, clips, recordings
  int64_t parameters_total = 0, parameters_trained = 0;
  double trained_percent = 0;
  double seconds_per_epoch = 0;
  std::vector<ResultRow> rows = {};  // the first one is the headline
  std::vector<Curve> curves = {};    // training loss, validation score, …
  std::vector<Exhibit> exhibits = {};
};

// A claim that was to hold, and whether it does.
struct Check {
  std::string subject = {}, claim = {};
  std::string measured = {}, target = {};
  bool passed = false;
};

// A table and charts of one's own.
struct Section {
  std::string title = {}, text = {};  // text: a paragraph; empty: none
  TextTable table = {};               // without a header: none
  std::vector<BarChart> charts = {};
};

struct Report {
  std::string title = {}, subtitle = {};
  std::string machine = {}, date = {}, command = {};  // how the numbers came about; empty ones are left out
  std::vector<TaskReport> tasks = {};
  std::vector<Check> checks = {};
  std::vector<Section> sections = {};
  std::vector<std::string> notes = {};
};

// One self-contained HTML page: style, charts (SVG), pictures and sounds (data URIs) are inside, nothing is fetched and
// no script runs. All texts may come from anywhere; they are escaped. Throws Error for media of other types.
std::string render_html(const Report& report);

}  // namespace epalm::report
