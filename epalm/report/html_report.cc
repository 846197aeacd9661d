#include "epalm/report/html_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

#include "epalm/report/bar_chart.h"
#include "epalm/report/escape.h"
#include "epalm/report/html_style.h"
#include "epalm/report/numbers.h"

namespace epalm::report {
namespace {

// What a result stands beside: the field of a row and how it is named.
struct Comparison {
  std::optional<double> ResultRow::*field;
  const char* name;
};
constexpr std::array<Comparison, 3> kComparisons = {{{&ResultRow::blank, "blank media"},
                                                     {&ResultRow::most_frequent, "most frequent answer"},
                                                     {&ResultRow::ceiling, "told in words (ceiling)"}}};

// Only those that some row has: a caption has no most frequent answer.
std::vector<Comparison> comparisons_of(const std::vector<ResultRow>& rows) {
  std::vector<Comparison> present;
  for (const Comparison& comparison : kComparisons) {
    const auto has_it = [&](const ResultRow& row) { return (row.*comparison.field).has_value(); };
    if (std::any_of(rows.begin(), rows.end(), has_it)) present.push_back(comparison);
  }
  return present;
}

std::string percent_text(const std::optional<double>& value) {
  return value ? fixed(*value, 1) : kNoNumber;
}

std::string name_of(const TaskReport& task) {
  return task.modality.empty() ? task.task : fmt::format("{} · {}", task.modality, task.task);
}

void add_definition(std::string& html, std::string_view term, std::string_view escaped_value) {
  if (!escaped_value.empty()) fmt::format_to(std::back_inserter(html), "<dt>{}</dt><dd>{}</dd>", term, escaped_value);
}

// What the page and its table of contents call the section.
std::string id_of(size_t task) {
  return fmt::format("task-{}", task + 1);
}

std::string headline(const TaskReport& task, size_t index) {
  if (task.rows.empty()) return {};
  const ResultRow& row = task.rows.front();
  std::string beside;
  if (row.blank) {
    beside = fmt::format("<b>{}</b> with blank {}", percent_text(row.blank), escape_html(task.media));
    const double gain = row.value - *row.blank;
    if (is_drawable(gain)) beside += fmt::format(" ({:+.1f})", gain);
  }
  return fmt::format(
      "<div class=\"headline\"><div class=\"name\"><a href=\"#{}\">{}</a>, {}</div>"
      "<div class=\"value\">{}<small> %</small></div><div class=\"beside\">{}</div></div>\n",
      id_of(index), escape_html(task.task), escape_html(row.metric), fixed(row.value, 1), beside);
}

// One card for each modality, with the first figure of each of its tasks.
std::string headlines(const std::vector<TaskReport>& tasks) {
  if (tasks.empty()) return {};
  std::vector<std::string> modalities;
  for (const TaskReport& task : tasks) {
    if (std::find(modalities.begin(), modalities.end(), task.modality) == modalities.end()) {
      modalities.push_back(task.modality);
    }
  }
  std::string html = "<div class=\"cards\">\n";
  for (const std::string& modality : modalities) {
    html += fmt::format("<div class=\"card\"><h2>{}</h2>", escape_html(modality));
    for (size_t i = 0; i < tasks.size(); ++i) {
      if (tasks[i].modality == modality) html += headline(tasks[i], i);
    }
    html += "</div>\n";
  }
  return html + "</div>\n";
}

std::string facts(const TaskReport& task) {
  std::string html = "<dl class=\"facts\">";
  const auto add = [&](std::string_view term, const std::string& value) {
    fmt::format_to(std::back_inserter(html), "<div><dt>{}</dt><dd>{}</dd></div>", term, value);
  };
  add("parameters", with_thousands(task.parameters_total));
  add("of them trained", with_thousands(task.parameters_trained));
  add("trained share", fixed(task.trained_percent, 2) + " %");
  add("time per epoch", fixed(task.seconds_per_epoch, 1) + " s");
  return html + "</dl>\n";
}

// The heads of the columns of scores.
std::string score_heads(const std::vector<Comparison>& comparisons) {
  std::string html = "<th scope=\"col\">this model</th>";
  for (const Comparison& comparison : comparisons) html += fmt::format("<th scope=\"col\">{}</th>", comparison.name);
  return html;
}

std::string score_cells(const ResultRow& row, const std::vector<Comparison>& comparisons) {
  std::string html = fmt::format("<td class=\"value\">{}</td>", fixed(row.value, 1));
  for (const Comparison& comparison : comparisons) {
    html += fmt::format("<td>{}</td>", percent_text(row.*comparison.field));
  }
  return html;
}

// All tasks beside each other, each with its first figure.
std::string overview(const std::vector<TaskReport>& tasks) {
  std::vector<ResultRow> first_rows;
  for (const TaskReport& task : tasks) {
    if (!task.rows.empty()) first_rows.push_back(task.rows.front());
  }
  if (tasks.size() < 2 || first_rows.empty()) return {};
  const std::vector<Comparison> comparisons = comparisons_of(first_rows);
  std::string html =
      "<section class=\"task\"><h2>All tasks</h2><div class=\"scroll\"><table><caption>Scores in percent on the test "
      "sets.</caption><thead><tr><th scope=\"col\">task</th><th scope=\"col\">metric</th>" +
      score_heads(comparisons) +
      "<th scope=\"col\">trained</th><th scope=\"col\">s per epoch</th></tr></thead>\n<tbody>";
  for (size_t i = 0; i < tasks.size(); ++i) {
    const TaskReport& task = tasks[i];
    if (task.rows.empty()) continue;
    html += fmt::format("<tr><th scope=\"row\"><a href=\"#{}\">{}</a></th><td>{}</td>{}<td>{} %</td><td>{}</td></tr>\n",
                        id_of(i), escape_html(name_of(task)), escape_html(task.rows.front().metric),
                        score_cells(task.rows.front(), comparisons), fixed(task.trained_percent, 2),
                        fixed(task.seconds_per_epoch, 1));
  }
  return html + "</tbody></table></div></section>\n";
}

std::string checks_table(const std::vector<Check>& checks) {
  if (checks.empty()) return {};
  std::string html =
      "<section class=\"task\"><h2>Gates</h2><div class=\"scroll\"><table><caption>What should hold, and what was "
      "measured.</caption><thead><tr><th scope=\"col\">medium</th><th scope=\"col\" class=\"words\">gate</th>"
      "<th scope=\"col\">target</th><th scope=\"col\">measured</th><th "
      "scope=\"col\">verdict</th></tr></thead>\n<tbody>";
  for (const Check& check : checks) {
    html += fmt::format(
        "<tr class=\"{}\"><th scope=\"row\">{}</th><td class=\"words\">{}</td><td>{}</td><td class=\"value\">{}</td>"
        "<td class=\"mark\">{}</td></tr>\n",
        check.passed ? "right" : "wrong", escape_html(check.subject), escape_html(check.claim),
        escape_html(check.target), escape_html(check.measured), check.passed ? "✓ holds" : "✗ fails");
  }
  return html + "</tbody></table></div></section>\n";
}

std::string results_table(const TaskReport& task) {
  if (task.rows.empty()) return {};
  const std::vector<Comparison> comparisons = comparisons_of(task.rows);
  std::string html =
      "<h3>Results</h3><div class=\"scroll\"><table><caption>Scores in percent on the test set.</caption>"
      "<thead><tr><th scope=\"col\">metric</th>" +
      score_heads(comparisons) + "</tr></thead>\n<tbody>";
  for (const ResultRow& row : task.rows) {
    html +=
        fmt::format("<tr><th scope=\"row\">{}</th>{}</tr>\n", escape_html(row.metric), score_cells(row, comparisons));
  }
  return html + "</tbody></table></div>\n";
}

std::string results_chart(const TaskReport& task) {
  if (task.rows.empty()) return {};
  BarChart chart{.title = "Scores beside what they are measured against",
                 .unit = "percent",
                 .series = {"this model"},
                 .groups = {}};
  for (const ResultRow& row : task.rows) chart.groups.push_back({row.metric, {row.value}});
  for (const Comparison& comparison : comparisons_of(task.rows)) {
    chart.series.emplace_back(comparison.name);
    for (size_t i = 0; i < task.rows.size(); ++i) chart.groups[i].values.push_back(task.rows[i].*comparison.field);
  }
  return bar_chart(chart);
}

std::string training_charts(const std::vector<Curve>& curves) {
  std::vector<std::vector<Curve>> charts;
  for (const Curve& curve : curves) {
    const auto shares = [&](const std::vector<Curve>& chart) {
      return !curve.unit.empty() && chart.front().unit == curve.unit && chart.front().x_label == curve.x_label;
    };
    const auto found = std::find_if(charts.begin(), charts.end(), shares);
    if (found == charts.end()) {
      charts.push_back({curve});
    } else {
      found->push_back(curve);
    }
  }
  if (charts.empty()) return {};
  std::string html = "<h3>Training</h3><div class=\"charts\">\n";
  for (const std::vector<Curve>& chart : charts) {
    std::string title;
    for (const Curve& curve : chart) title += (title.empty() ? "" : ", ") + curve.name;
    html += line_chart(title, chart);
  }
  return html + "</div>\n";
}

std::string task_section(const TaskReport& task, size_t index) {
  std::string html =
      fmt::format("<section class=\"task\" id=\"{}\"><h2>{}</h2>\n", id_of(index), escape_html(name_of(task)));
  html += facts(task) + results_table(task) + results_chart(task) + training_charts(task.curves);
  if (!task.exhibits.empty()) {
    const bool wide = task.exhibits.front().sound || task.exhibits.front().stills.size() > 1;
    html += fmt::format("<details open=\"\"><summary>Test {}: {} of them</summary><div class=\"exhibits{}\">\n",
                        escape_html(task.media), task.exhibits.size(), wide ? " wide" : "");
    for (size_t i = 0; i < task.exhibits.size(); ++i) html += exhibit_figure(task.exhibits[i], i + 1);
    html += "</div></details>\n";
  }
  return html + "</section>\n";
}

std::string text_table(const TextTable& table) {
  std::string html = "<div class=\"scroll\"><table><thead><tr>";
  const auto words = [&](size_t column) { return is_number_column(table, column) ? "" : " class=\"words\""; };
  for (size_t i = 0; i < table.header.size(); ++i) {
    html += fmt::format("<th scope=\"col\"{}>{}</th>", words(i), escape_html(table.header[i]));
  }
  html += "</tr></thead>\n<tbody>";
  for (const auto& row : table.rows) {
    html += "<tr>";
    for (size_t i = 0; i < table.header.size(); ++i) {
      const std::string cell = i < row.size() ? escape_html(row[i]) : "";
      html += i == 0 ? fmt::format("<th scope=\"row\">{}</th>", cell) : fmt::format("<td{}>{}</td>", words(i), cell);
    }
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string own_section(const Section& section) {
  std::string html = fmt::format("<section class=\"task\"><h2>{}</h2>\n", escape_html(section.title));
  if (!section.text.empty()) html += fmt::format("<p>{}</p>\n", escape_html(section.text));
  if (!section.table.header.empty()) html += text_table(section.table);
  for (const BarChart& chart : section.charts) html += bar_chart(chart);
  return html + "</section>\n";
}

}  // namespace

std::string render_html(const Report& report) {
  const std::string title = escape_html(report.title);
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\">\n<title>{}</title>\n<style>{}</style></head>\n"
      "<body><main>\n<header><h1>{}</h1>",
      title, kStyle, title);
  if (!report.subtitle.empty()) html += fmt::format("<p class=\"subtitle\">{}</p>", escape_html(report.subtitle));
  html += "<dl class=\"origin\">";
  add_definition(html, "machine", escape_html(report.machine));
  add_definition(html, "date", escape_html(report.date));
  add_definition(html, "command", report.command.empty() ? "" : "<code>" + escape_html(report.command) + "</code>");
  html += "</dl></header>\n" + headlines(report.tasks) + overview(report.tasks) + checks_table(report.checks);
  for (size_t i = 0; i < report.tasks.size(); ++i) html += task_section(report.tasks[i], i);
  for (const Section& section : report.sections) html += own_section(section);
  if (!report.notes.empty()) {
    html += "<section class=\"notes\"><h2>Notes</h2><ul>";
    for (const std::string& note : report.notes) html += fmt::format("<li>{}</li>", escape_html(note));
    html += "</ul></section>\n";
  }
  return html + "</main></body></html>\n";
}

}  // namespace epalm::report
