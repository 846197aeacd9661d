#include "epalm/report/html_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>
#include <utility>

#include "epalm/base/error.h"
#include "epalm/report/bar_chart.h"
#include "epalm/report/base64.h"
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
constexpr std::array<Comparison, 3> kComparisons = {{{&ResultRow::blank, "blank pictures"},
                                                     {&ResultRow::most_frequent, "most frequent answer"},
                                                     {&ResultRow::ceiling, "told in words (ceiling)"}}};

// Only those that some row has: a caption has no most frequent answer.
std::vector<Comparison> comparisons_of(const TaskReport& task) {
  std::vector<Comparison> present;
  for (const Comparison& comparison : kComparisons) {
    const auto has_it = [&](const ResultRow& row) { return (row.*comparison.field).has_value(); };
    if (std::any_of(task.rows.begin(), task.rows.end(), has_it)) present.push_back(comparison);
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

std::string headline(const TaskReport& task) {
  if (task.rows.empty()) return {};
  const ResultRow& row = task.rows.front();
  std::string beside;
  if (row.blank) {
    beside = fmt::format("<b>{}</b> with blank pictures", percent_text(row.blank));
    const double gain = row.value - *row.blank;
    if (is_drawable(gain)) beside += fmt::format(" ({:+.1f} points)", gain);
  }
  return fmt::format(
      "<div class=\"headline\"><div class=\"name\">{}, {}</div><div class=\"value\">{}<small> %</small></div>"
      "<div class=\"beside\">{}</div></div>\n",
      escape_html(name_of(task)), escape_html(row.metric), fixed(row.value, 1), beside);
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

std::string results_table(const TaskReport& task) {
  if (task.rows.empty()) return {};
  const std::vector<Comparison> comparisons = comparisons_of(task);
  std::string html =
      "<h3>Results</h3><div class=\"scroll\"><table><caption>Scores in percent on the test set.</caption>"
      "<thead><tr><th scope=\"col\">metric</th><th scope=\"col\">this model</th>";
  for (const Comparison& comparison : comparisons) html += fmt::format("<th scope=\"col\">{}</th>", comparison.name);
  html += "</tr></thead>\n<tbody>";
  for (const ResultRow& row : task.rows) {
    html += fmt::format("<tr><th scope=\"row\">{}</th><td class=\"value\">{}</td>", escape_html(row.metric),
                        fixed(row.value, 1));
    for (const Comparison& comparison : comparisons) {
      html += fmt::format("<td>{}</td>", percent_text(row.*comparison.field));
    }
    html += "</tr>\n";
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
  for (const Comparison& comparison : comparisons_of(task)) {
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

// {"red", "red", "blue"} -> "red ×2, blue".
std::string counted(const std::vector<std::string>& texts) {
  std::vector<std::pair<std::string_view, int>> counts;
  for (const std::string& text : texts) {
    const auto found =
        std::find_if(counts.begin(), counts.end(), [&](const auto& entry) { return entry.first == text; });
    if (found == counts.end()) {
      counts.emplace_back(text, 1);
    } else {
      ++found->second;
    }
  }
  std::string line;
  for (const auto& [text, count] : counts) {
    if (!line.empty()) line += ", ";
    line += text;
    if (count > 1) line += fmt::format(" ×{}", count);
  }
  return line;
}

std::string picture_figure(const Picture& picture, size_t number) {
  constexpr std::array<std::string_view, 4> kMimes = {"image/png", "image/jpeg", "image/webp", "image/gif"};
  const char* verdict = !picture.right ? "" : *picture.right ? " right" : " wrong";
  std::string html = fmt::format("<figure class=\"picture{}\">", verdict);
  if (!picture.bytes.empty()) {
    require(std::find(kMimes.begin(), kMimes.end(), picture.mime) != kMimes.end(),
            "report: picture {} has the media type '{}', expected image/png, image/jpeg, image/webp or image/gif",
            number, picture.mime);
    html +=
        fmt::format("<img src=\"data:{};base64,{}\" alt=\"test picture {}{}\">", picture.mime, base64(picture.bytes),
                    number, picture.question.empty() ? "" : ", shown with: " + escape_html(picture.question));
  }
  html += "<figcaption>";
  if (!picture.question.empty()) html += fmt::format("<p class=\"question\">{}</p>", escape_html(picture.question));
  html += fmt::format("<p class=\"answer\">{}", picture.answer.empty() ? "(no answer)" : escape_html(picture.answer));
  if (picture.right) html += fmt::format(" <span class=\"mark\">{}</span>", *picture.right ? "✓ right" : "✗ wrong");
  html += "</p>";
  if (!picture.expected.empty()) {
    html += fmt::format("<p class=\"expected\">expected: {}</p>", escape_html(counted(picture.expected)));
  }
  return html + "</figcaption></figure>\n";
}

std::string task_section(const TaskReport& task) {
  std::string html = fmt::format("<section class=\"task\"><h2>{}</h2>\n", escape_html(name_of(task)));
  html += facts(task) + results_table(task) + results_chart(task) + training_charts(task.curves);
  if (!task.pictures.empty()) {
    html += "<h3>Test pictures</h3><div class=\"pictures\">\n";
    for (size_t i = 0; i < task.pictures.size(); ++i) html += picture_figure(task.pictures[i], i + 1);
    html += "</div>\n";
  }
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
  html += "</dl></header>\n<div class=\"headlines\">\n";
  for (const TaskReport& task : report.tasks) html += headline(task);
  html += "</div>\n";
  for (const TaskReport& task : report.tasks) html += task_section(task);
  if (!report.notes.empty()) {
    html += "<section class=\"notes\"><h2>Notes</h2><ul>";
    for (const std::string& note : report.notes) html += fmt::format("<li>{}</li>", escape_html(note));
    html += "</ul></section>\n";
  }
  return html + "</main></body></html>\n";
}

}  // namespace epalm::report
