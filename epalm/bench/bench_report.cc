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

nlohmann::json to_json(const RowResult& result) {
  const auto& [row, measured, error] = result;
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
          {"peak_rss_gb", or_null(measured.peak_rss_gb)},
          {"note", or_null(measured.note)},
          {"error", or_null(error)}};
}

// Three digits that count.
std::string figure(const std::optional<double>& number) {
  if (!number) return report::kNoNumber;
  return std::abs(*number) >= 100 ? report::with_thousands(std::llround(*number)) : fmt::format("{:.3g}", *number);
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

}  // namespace

nlohmann::json to_json(const infer::Machine& machine, const std::vector<RowResult>& results) {
  nlohmann::json rows = nlohmann::json::array();
  for (const RowResult& result : results) rows.push_back(to_json(result));
  return {{"machine", infer::to_json(machine)}, {"rows", rows}};
}

std::string to_text(const infer::Machine& machine, const std::vector<RowResult>& results) {
  report::TextTable table;
  table.header = {"row", "value", "plain path", "unit", "precision", "ratio", "strong", "peak GB", "target", "met"};
  std::string notes;
  for (const auto& [row, measured, error] : results) {
    table.rows.push_back({row.name, figure(measured.value), figure(measured.twin), row.unit, row.precision,
                          measured.ratio ? fmt::format("{:.2f}", *measured.ratio) : report::kNoNumber,
                          measured.strong ? fmt::format("{:.2f}", *measured.strong) : report::kNoNumber,
                          measured.peak_rss_gb ? fmt::format("{:.2f}", *measured.peak_rss_gb) : report::kNoNumber,
                          target_text(row.target), met_text(meets_target(row, measured))});
    notes += fmt::format("{}: {}{}{}\n", row.name, row.what, measured.note.empty() ? "" : "; " + measured.note,
                         error.empty() ? "" : "; failed: " + error);
  }
  return machine_text(machine) + "\n" + report::render_text_table(table) + "\n" + notes;
}

std::string list_text(const std::vector<Row>& rows) {
  report::TextTable table;
  table.header = {"row", "target", "what"};
  for (const Row& row : rows) table.rows.push_back({row.name, target_text(row.target), row.what});
  return report::render_text_table(table);
}

}  // namespace epalm::bench
