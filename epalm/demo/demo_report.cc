#include "epalm/demo/demo_report.h"

#include <ctime>
#include <fstream>
#include <thread>

#include "epalm/demo/exhibits.h"
#include "epalm/demo/gates.h"
#include "epalm/nn/product.h"
#include "epalm/report/html_report.h"

namespace epalm::demo {
namespace {

constexpr size_t kExhibits = 20;

std::string machine() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) {
      return fmt::format("{}, {} cores; {}", line.substr(line.find(':') + 2), std::thread::hardware_concurrency(),
                         nn::product_backend());
    }
  }
  return fmt::format("{} cores; {}", std::thread::hardware_concurrency(), nn::product_backend());
}

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  localtime_r(&now, &parts);
  char text[16];
  std::strftime(text, sizeof text, "%Y-%m-%d", &parts);
  return text;
}

std::vector<report::ResultRow> rows_of(const TaskResult& task) {
  std::vector<report::ResultRow> rows;
  for (const std::string& name : metrics_in_order(task)) {
    report::ResultRow row{name, task.metrics.at(name), score_named(task.blank, name),
                          score_named(task.most_frequent, name), std::nullopt};
    if (name == "accuracy") row.ceiling = task.text_ceiling;
    rows.push_back(row);
  }
  return rows;
}

report::TaskReport section_of(const TaskResult& task) {
  return {.modality = task.modality(),
          .task = task.asks() ? "questions" : "captions",
          .media = std::string(infer::media_name(infer::modality_of(task.task))),
          .parameters_total = task.parameters.total,
          .parameters_trained = task.parameters.trained,
          .trained_percent = task.parameters.trained_percent(),
          .seconds_per_epoch = task.seconds_per_epoch,
          .rows = rows_of(task),
          .curves = {{"training loss", task.epoch_loss},
                     {task.asks() ? "validation accuracy (%)" : "validation CIDEr (×100)", task.epoch_valid}},
          .exhibits = exhibits_of(task, kExhibits)};
}

// "see", "hear" or "see and hear".
std::string senses(const std::vector<TaskResult>& tasks) {
  bool sees = false, hears = false;
  for (const TaskResult& task : tasks) {
    (infer::modality_of(task.task) == infer::Modality::kAudio ? hears : sees) = true;
  }
  return sees && hears ? "see and hear" : hears ? "hear" : "see";
}

}  // namespace

std::string demo_report(const DemoResult& result, const std::string& command) {
  report::Report page;
  page.title = "A language model learns to " + senses(result.tasks);
  page.subtitle =
      "eP-ALM on the tiny world: a frozen language model that has read text only and frozen encoders that have never "
      "met a word, joined by one trained linear layer and a short trained prompt for each task";
  page.machine = machine();
  page.date = today();
  page.command = command;
  for (const TaskResult& task : result.tasks) page.tasks.push_back(section_of(task));
  for (const Gate& gate : result.gates) {
    page.checks.push_back({gate.modality, gate.claim, measured_text(gate), target_text(gate), gate.passed()});
  }
  page.notes = {
      "Every test scene holds at least one combination of attributes, as of colour, shape and place, that no training "
      "scene, no training text and no encoder label ever showed.",
      "Blank: the same trained model shown a medium without content, which is the mean colour or the mean loudness "
      "everywhere. Most frequent: the most frequent training answer of the question's type. Ceiling: the language "
      "model answering the same questions from the true description as text."};
  return report::render_html(page);
}

}  // namespace epalm::demo
