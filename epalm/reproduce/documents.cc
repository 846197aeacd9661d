#include "epalm/reproduce/documents.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <nlohmann/json.hpp>

#include "epalm/infer/machine.h"
#include "epalm/io/atomic_file.h"
#include "epalm/report/csv.h"
#include "epalm/report/html_report.h"
#include "epalm/report/markdown_table.h"
#include "epalm/reproduce/published.h"
#include "epalm/reproduce/table_report.h"
#include "epalm/reproduce/verdict.h"

namespace epalm::reproduce {
namespace {

using nlohmann::json;

std::string title_of(const TableResult& result) {
  return result.table == "methods" ? "eP-ALM and what it is compared with" : "What eP-ALM depends on";
}

json or_null(const std::optional<double>& number) {
  return number ? json(*number) : json();
}

// Metrics that a run of the entry has.
std::vector<std::string> metrics_of(const Entry& entry) {
  std::vector<std::string> names;
  if (!entry.measured()) return names;
  for (const auto& [name, value] : entry.runs.front().metrics) names.push_back(name);
  return names;
}

json entry_json(const Entry& entry) {
  json metrics = json::object(), runs = json::array();
  for (const std::string& name : metrics_of(entry)) {
    const auto mean = entry.metric(name);
    metrics[name] = {{"mean", mean->mean}, {"deviation", or_null(mean->deviation)}};
  }
  for (const CellResult& run : entry.runs) runs.push_back(to_json(run));
  return {{"metrics", std::move(metrics)},
          {"runs", std::move(runs)},
          {"problem", entry.problem.empty() ? json() : json(entry.problem)}};
}

json verdict_json(const Verdict& verdict) {
  return {{"variant", verdict.variant},
          {"task", infer::task_name(verdict.task)},
          {"score", verdict.score.mean},
          {"rival", verdict.rival},
          {"rival_score", verdict.rival_score.mean},
          {"margin", verdict.margin()},
          {"ahead", verdict.ahead()},
          {"within_noise", verdict.within_noise()},
          {"larger_and_ahead", verdict.larger_and_ahead}};
}

// One chart for each group of rows that some run has.
std::vector<report::BarChart> charts_of(const TableResult& result, size_t task) {
  const std::string metric = main_metric(result.tasks[task]);
  std::vector<report::BarChart> charts;
  std::string group;
  for (size_t row = 0; row < result.rows.size(); ++row) {
    const auto mean = result.entries[task][row].metric(metric);
    if (!mean) continue;
    // Methods are compared across groups, settings within theirs.
    const bool begins = charts.empty() || (result.table != "methods" && result.rows[row].group != group);
    if (begins) {
      group = result.rows[row].group;
      const std::string title = result.table == "methods" ? "methods" : group_title(group);
      charts.push_back({.title = title, .unit = metric + ", percent", .series = {metric}, .groups = {}});
    }
    charts.back().groups.push_back({result.rows[row].label, {mean->mean}});
  }
  return charts;
}

report::BarChart parameters_chart(const TableResult& result) {
  report::BarChart chart{.title = "trained parameters",
                         .unit = "percent of all parameters",
                         .series = {std::string(infer::task_name(result.tasks.front()))},
                         .groups = {}};
  for (size_t row = 0; row < result.rows.size(); ++row) {
    const Entry& entry = result.entries.front()[row];
    if (!entry.measured()) continue;
    chart.groups.push_back({result.rows[row].label, {entry.runs.front().parameters.trained_percent()}});
  }
  return chart;
}

}  // namespace

json to_json(const TableResult& result) {
  json rows = json::array();
  for (size_t row = 0; row < result.rows.size(); ++row) {
    json tasks = json::object();
    for (size_t task = 0; task < result.tasks.size(); ++task) {
      json entry = entry_json(result.entries[task][row]);
      if (const auto figures = published_figures(result.rows[row].name, result.tasks[task])) {
        entry["paper"] = {{"data", figures->data}, {"metrics", figures->metrics}};
      }
      tasks[std::string(infer::task_name(result.tasks[task]))] = std::move(entry);
    }
    rows.push_back({{"name", result.rows[row].name},
                    {"group", result.rows[row].group},
                    {"label", result.rows[row].label},
                    {"what", result.rows[row].what},
                    {"tasks", std::move(tasks)}});
  }
  json verdicts = json::array();
  for (const Verdict& verdict : verdicts_of(result)) verdicts.push_back(verdict_json(verdict));
  return {{"table", result.table},    {"command", result.command},       {"seeds", result.seeds},
          {"rows", std::move(rows)},  {"verdicts", std::move(verdicts)}, {"claims", claims_of(result)},
          {"notes", notes_of(result)}};
}

std::string to_html(const TableResult& result) {
  report::Report page;
  page.title = title_of(result);
  page.subtitle = "on the tiny world, under one forward pass";
  const infer::Machine machine = infer::this_machine();
  page.machine = fmt::format("{}, {} threads", machine.cpu, machine.threads);
  page.date = fmt::format("{:%Y-%m-%d}", fmt::localtime(std::time(nullptr)));
  page.command = result.command;
  const auto tables = task_tables(result);
  for (size_t task = 0; task < tables.size(); ++task) {
    page.sections.push_back(
        {.title = tables[task].title, .table = tables[task].table, .charts = charts_of(result, task)});
  }
  if (result.table == "methods") page.sections.push_back({.title = "Cost", .charts = {parameters_chart(result)}});
  if (const auto verdicts = verdict_table(result); !verdicts.rows.empty()) {
    page.sections.push_back(
        {.title = "Verdicts", .text = fmt::format("{}.", fmt::join(claims_of(result), "; ")), .table = verdicts});
  }
  page.sections.push_back({.title = "Rows", .table = rows_table(result.rows)});
  page.notes = notes_of(result);
  return report::render_html(page);
}

std::string to_markdown(const TableResult& result) {
  std::string text = fmt::format("# {}\n\n`{}`\n\n", title_of(result), result.command);
  for (const TaskTable& table : task_tables(result)) {
    text +=
        fmt::format("## {}\n\n{}\n", report::escape_markdown(table.title), report::render_markdown_table(table.table));
  }
  if (const auto verdicts = verdict_table(result); !verdicts.rows.empty()) {
    text += "## Verdicts\n\n" + report::render_markdown_table(verdicts) + "\n";
    for (const std::string& claim : claims_of(result)) text += "- " + report::escape_markdown(claim) + "\n";
    text += "\n";
  }
  text += "## Rows\n\n" + report::render_markdown_table(rows_table(result.rows)) + "\n## Notes\n\n";
  for (const std::string& note : notes_of(result)) text += "- " + report::escape_markdown(note) + "\n";
  return text;
}

std::string to_csv(const TableResult& result) {
  std::string text =
      report::csv_line({"table", "task", "group", "row", "metric", "mean", "deviation", "seeds", "parameters_trained",
                        "parameters_total", "seconds_per_epoch", "peak_rss_gb", "paper", "paper_data"});
  for (size_t task = 0; task < result.tasks.size(); ++task) {
    for (size_t row = 0; row < result.rows.size(); ++row) {
      const Entry& entry = result.entries[task][row];
      const auto figures = published_figures(result.rows[row].name, result.tasks[task]);
      for (const std::string& name : metrics_of(entry)) {
        const auto mean = entry.metric(name);
        const CellResult& first = entry.runs.front();
        const bool published = figures && figures->metrics.contains(name);
        text += report::csv_line(
            {result.table, std::string(infer::task_name(result.tasks[task])), result.rows[row].group,
             result.rows[row].name, name, fmt::format("{}", mean->mean),
             mean->deviation ? fmt::format("{}", *mean->deviation) : "", fmt::format("{}", mean->count),
             fmt::format("{}", first.parameters.trained), fmt::format("{}", first.parameters.total),
             fmt::format("{:.4g}", first.seconds_per_epoch),
             first.peak_rss_gb ? fmt::format("{:.3g}", *first.peak_rss_gb) : "",
             published ? fmt::format("{}", figures->metrics.at(name)) : "", published ? figures->data : ""});
      }
    }
  }
  return text;
}

std::filesystem::path write_documents(const std::filesystem::path& folder, const TableResult& result) {
  const auto path = [&](const char* extension) { return folder / (result.table + extension); };
  io::write_text_file(path(".html"), to_html(result));
  io::write_text_file(path(".md"), to_markdown(result));
  io::write_text_file(path(".csv"), to_csv(result));
  io::write_json_file(path(".json"), to_json(result), 1);
  return path(".html");
}

}  // namespace epalm::reproduce
