#include "epalm/demo/demo_report.h"

#include <ctime>
#include <fstream>
#include <thread>

#include "epalm/base/mapped_file.h"
#include "epalm/nn/product.h"
#include "epalm/report/html_report.h"

namespace epalm::demo {
namespace {

constexpr size_t kPictures = 20;

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

std::optional<double> find(const std::map<std::string, double>& values, const std::string& name) {
  const auto found = values.find(name);
  return found == values.end() ? std::nullopt : std::optional(found->second);
}

std::vector<report::ResultRow> rows_of(const TaskResult& task) {
  const std::vector<std::string> order = task.task == "vqa"
                                             ? std::vector<std::string>{"accuracy", "yes/no", "number", "other"}
                                             : std::vector<std::string>{"CIDEr", "BLEU_4", "ROUGE_L"};
  std::vector<report::ResultRow> rows;
  for (const auto& name : order) {
    const auto value = find(task.metrics, name);
    if (!value) continue;
    report::ResultRow row{name, *value, find(task.blank, name), find(task.most_frequent, name), std::nullopt};
    if (name == "accuracy") row.ceiling = task.text_ceiling;
    rows.push_back(row);
  }
  return rows;
}

std::vector<report::Picture> pictures_of(const TaskResult& task) {
  std::vector<report::Picture> pictures;
  const size_t count = std::min(kPictures, task.predictions.size());
  for (size_t i = 0; i < count; ++i) {
    const auto& prediction = task.predictions[i * task.predictions.size() / count];
    const MappedFile file(prediction.media);
    report::Picture picture;
    picture.bytes.assign(file.bytes().begin(), file.bytes().end());
    picture.mime = "image/jpeg";
    picture.question = prediction.question.empty() ? "" : prediction.question + "?";
    picture.answer = prediction.prediction;
    picture.expected = prediction.expected;
    if (task.task == "vqa") picture.right = prediction.score >= 0.5;
    pictures.push_back(std::move(picture));
  }
  return pictures;
}

}  // namespace

std::string demo_report(const DemoResult& result, const std::string& command) {
  report::Report page;
  page.title = "A language model learns to see";
  page.subtitle =
      "eP-ALM on the tiny world: a frozen language model that has never met a picture and a frozen picture encoder "
      "that has never "
      "met a word, joined by one trained linear layer and a short trained prompt";
  page.machine = machine();
  page.date = today();
  page.command = command;
  for (const auto& task : result.tasks) {
    report::TaskReport section;
    section.modality = task.modality;
    section.task = task.task;
    section.parameters_total = task.parameters.total;
    section.parameters_trained = task.parameters.trained;
    section.trained_percent = task.parameters.trained_percent();
    section.seconds_per_epoch = task.seconds_per_epoch;
    section.rows = rows_of(task);
    section.curves = {{"training loss", task.epoch_loss},
                      {task.task == "vqa" ? "validation accuracy (%)" : "validation CIDEr (×100)", task.epoch_valid}};
    section.pictures = pictures_of(task);
    page.tasks.push_back(std::move(section));
  }
  page.notes = {
      "Every test scene holds at least one pair of colour and shape that no training scene, no training text and no "
      "encoder label "
      "ever showed.",
      "Blank: the same trained model shown the mean colour instead of each picture. Most frequent: the most frequent "
      "training "
      "answer of the question's type. Ceiling: the language model answering the same questions from the true "
      "description as text."};
  return report::render_html(page);
}

}  // namespace epalm::demo
