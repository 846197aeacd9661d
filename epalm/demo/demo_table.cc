#include "epalm/demo/demo_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "epalm/demo/gates.h"
#include "epalm/report/numbers.h"

namespace epalm::demo {
namespace {

using Column = const TaskResult*;  // null: no such task of that modality
using Cell = std::function<std::string(const TaskResult&)>;

std::string percent(const std::optional<double>& score) {
  return score ? report::fixed(*score, 1) : "";
}

std::vector<std::string> modalities_in(const DemoResult& result) {
  std::vector<std::string> modalities;
  for (const TaskResult& task : result.tasks) {
    if (std::find(modalities.begin(), modalities.end(), task.modality()) == modalities.end()) {
      modalities.push_back(task.modality());
    }
  }
  return modalities;
}

// One row: a first cell for each task and, beside it, a second one.
std::vector<std::string> row_of(const std::string& name, const std::vector<Column>& columns, const Cell& first,
                                const Cell& second = {}) {
  std::vector<std::string> row{name};
  for (const Column task : columns) {
    row.push_back(task != nullptr ? first(*task) : "");
    row.push_back(task != nullptr && second ? second(*task) : "");
  }
  return row;
}

// The metrics that any of the tasks has.
std::vector<std::string> metrics_in(const std::vector<Column>& columns) {
  std::vector<std::string> names;
  for (const Column task : columns) {
    if (task == nullptr) continue;
    for (const std::string& name : metrics_in_order(*task)) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  return names;
}

void add_part(const std::string& title, bool asks, const DemoResult& result, const std::vector<std::string>& modalities,
              report::TextTable& table) {
  std::vector<Column> columns;
  bool any = false;
  for (const std::string& modality : modalities) {
    const auto found = std::find_if(result.tasks.begin(), result.tasks.end(), [&](const TaskResult& task) {
      return task.modality() == modality && task.asks() == asks;
    });
    columns.push_back(found == result.tasks.end() ? nullptr : &*found);
    any = any || columns.back() != nullptr;
  }
  if (!any) return;
  if (!table.rows.empty()) table.rows.emplace_back();
  table.rows.push_back({title});
  const auto add = [&](const std::string& name, const Cell& first, const Cell& second = {}) {
    table.rows.push_back(row_of("  " + name, columns, first, second));
  };
  for (const std::string& name : metrics_in(columns)) {
    add(
        name + ", %", [&](const TaskResult& task) { return percent(score_named(task.metrics, name)); },
        [&](const TaskResult& task) { return percent(score_named(task.blank, name)); });
  }
  if (asks) {
    add("most frequent answer, %",
        [](const TaskResult& task) { return percent(score_named(task.most_frequent, "accuracy")); });
    add("told in words, %", [](const TaskResult& task) { return percent(task.text_ceiling); });
  }
  add("parameters", [](const TaskResult& task) { return report::with_thousands(task.parameters.total); });
  add("  trained", [](const TaskResult& task) { return report::with_thousands(task.parameters.trained); });
  add("  trained, %", [](const TaskResult& task) { return report::fixed(task.parameters.trained_percent(), 3); });
  add("seconds per epoch", [](const TaskResult& task) { return report::fixed(task.seconds_per_epoch, 1); });
}

}  // namespace

report::TextTable figures_table(const DemoResult& result) {
  const std::vector<std::string> modalities = modalities_in(result);
  report::TextTable table;
  table.header = {"on unseen scenes"};
  for (const std::string& modality : modalities) {
    table.header.push_back(modality);
    table.header.emplace_back("blank");
  }
  add_part("questions", true, result, modalities, table);
  add_part("captions", false, result, modalities, table);
  return table;
}

report::TextTable gates_table(const DemoResult& result) {
  report::TextTable table{{"medium", "gate", "measured", "target", "verdict"}, {}};
  for (const Gate& gate : result.gates) {
    table.rows.push_back(
        {gate.modality, gate.claim, measured_text(gate), target_text(gate), gate.passed() ? "holds" : "fails"});
  }
  return table;
}

}  // namespace epalm::demo
