#pragma once

#include <nlohmann/json_fwd.hpp>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "epalm/eval/evaluate.h"
#include "epalm/infer/task.h"
#include "epalm/model/trainable.h"

namespace epalm::demo {

// One task of the demo; all scores in percent.
struct TaskResult {
  infer::Task task = infer::Task::kVqa;
  model::ParameterCounts parameters;
  double seconds_per_epoch = 0;
  std::map<std::string, double> metrics;        // on test scenes with combinations never seen in training
  std::map<std::string, double> blank;          // the same model shown media without content
  std::map<std::string, double> most_frequent;  // the most frequent training answer of each question type; QA only
  std::optional<double> text_ceiling;           // the LM on the same questions from the description as text; QA only
  std::vector<double> epoch_loss, epoch_valid;
  std::vector<eval::Prediction> predictions;
  std::filesystem::path checkpoint;

  std::string modality() const { return std::string(infer::modality_name(infer::modality_of(task))); }
  bool asks() const { return !infer::is_caption(task); }
};

// A claim of TINY_WORLD.md about one modality.
struct Gate {
  std::string modality, claim;
  double measured = 0, target = 0;
  bool at_least = true;  // measured is to be at least the target; else at most
  std::string unit;      // "%", "points" or "×"

  bool passed() const { return at_least ? measured >= target : measured <= target; }
};

struct DemoResult {
  std::vector<TaskResult> tasks;
  std::vector<Gate> gates;
  std::filesystem::path report;
  double seconds = 0;  // of this call
};

// The metrics of a task in the order in which they are shown, the main one first.
std::vector<std::string> metrics_in_order(const TaskResult& task);

std::optional<double> score_named(const std::map<std::string, double>& scores, const std::string& name);

// The document that `epalm demo --json` prints; predictions are left out. Task names: vqa for questions about pictures,
// qa about clips and recordings, caption.
nlohmann::json to_json(const DemoResult& result);

// Everything of one task, and back. Throws Error naming `where` for what to_state did not write.
nlohmann::json to_state(const TaskResult& task);
TaskResult from_state(const nlohmann::json& state, const std::string& where);

}  // namespace epalm::demo
