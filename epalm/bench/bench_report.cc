#include "epalm/bench/bench_report.h"

#include <fmt/format.h>

#include <cmath>

#include "epalm/report/numbers.h"
#include "epalm/report/text_table.h"

namespace epalm::bench {
namespace {

nlohmann::json or_null(const std::optional<double>& number) {
  return number ? nlohmann::json(*number) : nlohmann::json();
}

nlohmann::json or_null(const std::string& text) {
  return text.empty() ? nlohmann::json() : nlohmann::json(text);
}

const char* kind_text(Target::Kind kind) {
  switch (kind) {
    case Target::Kind::kRatioAtLeast:
      return "ratio at least";
    case Target::Kind::kValueAtLeast:
      return "value at least";
    case Target::Kind::kValueAtMost:
      return "value at most";
  }
  return "";
}

const char* unit_of(const Roofline& roofline) {
  return roofline.bound == Roofline::Bound::kMemory ? "GB/s" : "GFLOP/s";
}

nlohmann::json or_null(const std::optional<Roofline>& roofline) {
  if (!roofline) return {};
  return {{"percent", roofline->percent},
          {"bound", roofline->bound == Roofline::Bound::kMemory ? "memory" : "products"},
          {"peak", roofline->peak},
          {"unit", unit_of(*roofline)}};
}

nlohmann::json to_json(const RowResult& result) {
  const auto& [row, measured, error, roofline] = result;
  const auto met = meets_target(row, measured);
  return {{"name", row.name},
          {"what", row.what},
          {"unit", row.unit},
          {"precision", or_null(row.precision)},
          {"value", or_null(measured.value)},
          {"twin", or_null(measured.twin)},
          {"ratio", or_null(measured.ratio)},
          {"strong", or_null(measured.strong)},
          {"target", row.target ? nlohmann::json(row.target->bound) : nlohmann::json()},
          {"target_is", row.target ? nlohmann::json(kind_text(row.target->kind)) : nlohmann::json()},
          {"met", met ? nlohmann::json(*met) : nlohmann::json()},
          {"roofline", or_null(roofline)},
          {"peak_rss_gb", or_null(measured.peak_rss_gb)},
          {"twin_peak_rss_gb", or_null(measured.twin_peak_rss_gb)},
          {"note", or_null(measured.note)},
          {"error", or_null(error)}};
}

// Three digits that count.
std::string figure(const std::optional<double>& number) {
  if (!number) return report::kNoNumber;
  return std::abs(*number) >= 100 ? report::with_thousands(std::llround(*number)) : fmt::format("{:.3g}", *number);
}

std::string roofline_text(const std::optional<Roofline>& roofline) {
  if (!roofline) return report::kNoNumber;
  return fmt::format("{:.0f} % of {:.0f} {}", roofline->percent, roofline->peak, unit_of(*roofline));
}

std::string memory_text(const Measurement& measured) {
  if (!measured.peak_rss_gb) return report::kNoNumber;
  const std::string own = fmt::format("{:.2f}", *measured.peak_rss_gb);
  return measured.twin_peak_rss_gb ? fmt::format("{}, plain {:.2f}", own, *measured.twin_peak_rss_gb) : own;
}

std::string target_text(const std::optional<Target>& target) {
  return target ? fmt::format("{} {:g}", kind_text(target->kind), target->bound) : "";
}

std::string met_text(const std::optional<bool>& met) {
  return !met ? report::kNoNumber : *met ? "yes" : "no";
}

std::string machine_text(const infer::Machine& machine) {
  std::string text = fmt::format("{}, {} cores, {} threads, {:.1f} GB, {}, load {:.1f}\n", machine.cpu, machine.cores,
                                 machine.threads, machine.memory_gb, machine.system, machine.load);
  for (const auto& [name, version] : machine.libraries) text += fmt::format("{}: {}\n", name, version);
  return text;
}

std::string rows_text(const std::vector<RowResult>& results) {
  report::TextTable table;
  table.header = {"row",    "value",    "plain path", "unit",   "precision", "ratio",
                  "strong", "roofline", "peak GB",    "target", "met"};
  std::string notes;
  for (const auto& [row, measured, error, roofline] : results) {
    table.rows.push_back({row.name, figure(measured.value), figure(measured.twin), row.unit, row.precision,
                          measured.ratio ? fmt::format("{:.2f}", *measured.ratio) : report::kNoNumber,
                          measured.strong ? fmt::format("{:.2f}", *measured.strong) : report::kNoNumber,
                          roofline_text(roofline), memory_text(measured), target_text(row.target),
                          met_text(meets_target(row, measured))});
    notes += fmt::format("{}: {}{}{}\n", row.name, row.what, measured.note.empty() ? "" : "; " + measured.note,
                         error.empty() ? "" : "; failed: " + error);
  }
  return report::render_text_table(table) + "\n" + notes;
}

std::string curves_text(const std::vector<GrowthCurve>& curves) {
  report::TextTable table;
  table.header = {"growth", "of", "at", "cost", "unit"};
  for (const auto& [title, x_title, y_title, points] : curves) {
    for (const auto& [x, y] : points) table.rows.push_back({title, x_title, figure(x), figure(y), y_title});
  }
  return report::render_text_table(table);
}

}  // namespace

nlohmann::json to_json(const infer::Machine& machine, const std::vector<RowResult>& results,
                       const std::vector<GrowthCurve>& curves) {
  nlohmann::json document{{"machine", infer::to_json(machine)}, {"rows", nlohmann::json::array()}};
  for (const RowResult& result : results) document["rows"].push_back(to_json(result));
  for (const auto& [title, x_title, y_title, points] : curves) {
    document["growth"].push_back({{"title", title}, {"x_title", x_title}, {"y_title", y_title}, {"points", points}});
  }
  return document;
}

std::string to_text(const infer::Machine& machine, const std::vector<RowResult>& results,
                    const std::vector<GrowthCurve>& curves) {
  std::string text = machine_text(machine);
  if (!results.empty()) text += '\n', text += rows_text(results);
  if (!curves.empty()) text += '\n', text += curves_text(curves);
  return text;
}

std::string list_text(const std::vector<Row>& rows) {
  report::TextTable table;
  table.header = {"row", "target", "what"};
  for (const Row& row : rows) table.rows.push_back({row.name, target_text(row.target), row.what});
  return report::render_text_table(table);
}

}  // namespace epalm::bench
