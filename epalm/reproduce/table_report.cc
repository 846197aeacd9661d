#include "epalm/reproduce/table_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "epalm/report/numbers.h"
#include "epalm/reproduce/published.h"
#include "epalm/reproduce/verdict.h"

namespace epalm::reproduce {
namespace {

std::string label_of(const TableResult& result, const std::string& name) {
  for (const Row& row : result.rows) {
    if (row.name == name) return row.label;
  }
  return name;
}

bool has_published(const TableResult& result, infer::Task task) {
  return std::any_of(result.rows.begin(), result.rows.end(),
                     [&](const Row& row) { return published_figures(row.name, task).has_value(); });
}

// "111.6 / 33.4", in the order of the shown metrics.
std::string published_text(const std::string& row, infer::Task task) {
  const auto figures = published_figures(row, task);
  std::string text;
  for (const std::string& metric : shown_metrics(task)) {
    if (!figures || !figures->metrics.contains(metric)) continue;
    text += (text.empty() ? "" : " / ") + report::fixed(figures->metrics.at(metric), 1);
  }
  return text;
}

std::vector<std::string> cells_of(const Entry& entry, infer::Task task) {
  std::vector<std::string> cells;
  for (const std::string& metric : shown_metrics(task)) {
    const auto mean = entry.metric(metric);
    cells.push_back(mean ? mean_text(*mean) : report::kNoNumber);
  }
  if (!entry.measured()) {
    cells.resize(cells.size() + 4, report::kNoNumber);
    return cells;
  }
  std::vector<double> seconds;
  double peak_gb = 0;
  for (const CellResult& run : entry.runs) {
    seconds.push_back(run.seconds_per_epoch);
    peak_gb = std::max(peak_gb, run.peak_rss_gb.value_or(0));
  }
  const model::ParameterCounts& parameters = entry.runs.front().parameters;
  cells.push_back(report::with_thousands(parameters.trained));
  cells.push_back(report::fixed(parameters.trained_percent(), 3));
  cells.push_back(report::fixed(mean_of(seconds).mean, 1));
  cells.push_back(peak_gb > 0 ? report::fixed(peak_gb, 2) : report::kNoNumber);
  return cells;
}

report::TextTable table_of(const TableResult& result, size_t task) {
  const infer::Task of = result.tasks[task];
  const bool published = has_published(result, of);
  report::TextTable table{{result.table == "methods" ? "method" : "setting"}, {}};
  for (const std::string& metric : shown_metrics(of)) table.header.push_back(metric + ", %");
  table.header.insert(table.header.end(), {"trained", "trained, %", "s/epoch", "peak GB"});
  std::string data;
  for (const Row& row : result.rows) {
    if (const auto figures = published_figures(row.name, of)) data = figures->data;
  }
  if (published) table.header.push_back("paper, " + data);
  std::string group;
  for (size_t row = 0; row < result.rows.size(); ++row) {
    if (result.rows[row].group != group) {
      group = result.rows[row].group;
      table.rows.push_back({group_title(group)});
    }
    std::vector<std::string> line{"  " + result.rows[row].label};
    const auto cells = cells_of(result.entries[task][row], of);
    line.insert(line.end(), cells.begin(), cells.end());
    if (published) line.push_back(published_text(result.rows[row].name, of));
    table.rows.push_back(std::move(line));
  }
  return table;
}

std::string verdict_text(const Verdict& verdict) {
  const std::string_view side = verdict.ahead() ? "ahead" : verdict.margin() < 0 ? "behind" : "level";
  return fmt::format("{}{}", side, verdict.within_noise() ? ", within the seeds' spread" : "");
}

// "magma on vqa: why".
std::vector<std::string> problems_of(const TableResult& result) {
  std::vector<std::string> problems;
  for (size_t row = 0; row < result.rows.size(); ++row) {
    for (size_t task = 0; task < result.tasks.size(); ++task) {
      const std::string& problem = result.entries[task][row].problem;
      if (problem.empty()) continue;
      problems.push_back(
          fmt::format("{} on {}: {}", result.rows[row].name, infer::task_name(result.tasks[task]), problem));
    }
  }
  return problems;
}

bool has_group(const TableResult& result, const std::string& group, int64_t rows) {
  return std::count_if(result.rows.begin(), result.rows.end(), [&](const Row& row) { return row.group == group; }) ==
         rows;
}

}  // namespace

std::vector<std::string> shown_metrics(infer::Task task) {
  return infer::is_caption(task) ? std::vector<std::string>{"CIDEr", "BLEU_4"} : std::vector<std::string>{"accuracy"};
}

std::string mean_text(const Mean& mean) {
  const std::string text = report::fixed(mean.mean, 1);
  return mean.deviation ? text + " ± " + report::fixed(*mean.deviation, 1) : text;
}

std::string group_title(const std::string& group) {
  if (group == "epalm") return "eP-ALM";
  std::string title = group;
  std::replace(title.begin(), title.end(), '_', ' ');
  return title;
}

std::vector<TaskTable> task_tables(const TableResult& result) {
  std::vector<TaskTable> tables;
  for (size_t task = 0; task < result.tasks.size(); ++task) {
    tables.push_back({fmt::format("{}: {}", infer::task_name(result.tasks[task]), main_metric(result.tasks[task])),
                      table_of(result, task)});
  }
  return tables;
}

report::TextTable verdict_table(const TableResult& result) {
  report::TextTable table{
      {"variant", "task", "scores", "best comparable baseline", "scores", "by", "verdict", "larger and ahead"}, {}};
  for (const Verdict& verdict : verdicts_of(result)) {
    std::string larger;
    for (const std::string& name : verdict.larger_and_ahead) {
      larger += (larger.empty() ? "" : ", ") + label_of(result, name);
    }
    table.rows.push_back({label_of(result, verdict.variant), std::string(infer::task_name(verdict.task)),
                          mean_text(verdict.score), label_of(result, verdict.rival), mean_text(verdict.rival_score),
                          fmt::format("{:+.1f}", verdict.margin()), verdict_text(verdict), larger});
  }
  return table;
}

std::vector<std::string> notes_of(const TableResult& result) {
  std::vector<std::string> notes, media;
  for (const auto& [modality, count] : result.media) {
    media.push_back(fmt::format("{} {}", count, infer::media_name(modality)));
  }
  if (!media.empty()) notes.push_back(fmt::format("Media to train on: {}.", fmt::join(media, ", ")));
  if (result.caption_epochs > 0) notes.push_back(fmt::format("Captions: {} epochs.", result.caption_epochs));
  notes.push_back(fmt::format(
      "Test scenes hold combinations of attributes that training never shows. {}; each run keeps the epoch that is "
      "best "
      "on the validation scenes. Memory is the largest that a run's process held at once, programs and libraries "
      "included.",
      result.seeds == 1 ? "One seed" : fmt::format("Mean ± standard deviation (n - 1) over {} seeds", result.seeds)));
  if (result.table == "methods") {
    notes.emplace_back(
        "Every row is the same program under other keys, and keeps the rates and epochs of the task's configuration; a "
        "prompt's MLP learns at a half, bottleneck adapters at a fifth and a trained encoder at a fiftieth of the base "
        "rate. No row was tuned by itself, the final variant's rates excepted, which are those of the demo.");
    notes.push_back(fmt::format(
        "paper: what arXiv:2303.11403, table 1, gives for eP-ALM_pt-L ({}), on other data and models than these, so "
        "not to "
        "be compared with the figures beside it. Its figures of other rows could not be checked here and are left out.",
        kPublishedModels));
    notes.push_back(fmt::format(
        "A baseline is comparable where it trains at most {:g} times the parameters of the variant.", kComparable));
  }
  for (const auto& [group, flag, what] : {std::tuple{"lm_size", "--add-text-model", "language model"},
                                          std::tuple{"encoder_size", "--add-vision-model", "encoder of each kind"}}) {
    if (has_group(result, group, 1)) {
      notes.emplace_back(
          fmt::format("Only one {} is embedded, so {} has a single line; {} FOLDER adds others.", what, group, flag));
    }
  }
  for (const std::string& problem : problems_of(result)) notes.push_back("Not done: " + problem + ".");
  return notes;
}

report::TextTable rows_table(const std::vector<Row>& rows) {
  report::TextTable table{{"group", "row", "what"}, {}};
  for (const Row& row : rows) table.rows.push_back({row.group, row.name, row.what});
  return table;
}

}  // namespace epalm::reproduce
