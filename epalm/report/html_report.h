#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "epalm/report/line_chart.h"

namespace epalm::report {

// A test picture with what was asked and answered. An empty question means a caption.
struct Picture {
  std::vector<std::byte> bytes;  // an encoded file; empty: no picture is shown
  std::string mime;              // image/png, image/jpeg, image/webp or image/gif
  std::string question, answer;
  std::vector<std::string> expected;  // answers of the annotators, or reference captions; repeated ones are counted
  std::optional<bool> right = {};     // empty: not to be told, as for captions
};

// One metric in percent (CIDEr may exceed 100) beside what it is to be compared with; NaN and absent values show as a
// dash.
struct ResultRow {
  std::string metric;
  double value = 0;
  std::optional<double> blank = {};          // the same model shown pictures without content
  std::optional<double> most_frequent = {};  // always the most frequent training answer
  std::optional<double> ceiling = {};        // the language model given the true description as text
};

struct TaskReport {
  std::string modality = {}, task = {};
  int64_t parameters_total = 0, parameters_trained = 0;
  double trained_percent = 0;
  double seconds_per_epoch = 0;
  std::vector<ResultRow> rows = {};  // the first one is the headline
  std::vector<Curve> curves = {};    // training loss, validation score, …
  std::vector<Picture> pictures = {};
};

struct Report {
  std::string title = {}, subtitle = {};
  std::string machine = {}, date = {}, command = {};  // how the numbers came about; empty ones are left out
  std::vector<TaskReport> tasks = {};
  std::vector<std::string> notes = {};
};

// One self-contained HTML page: style, charts (SVG) and pictures (data URIs) are inside, nothing is fetched and no
// script runs. All texts may come from anywhere; they are escaped. Throws Error for a picture of another media type.
std::string render_html(const Report& report);

}  // namespace epalm::report
