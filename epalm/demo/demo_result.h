#pragma once

#include <nlohmann/json_fwd.hpp>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "epalm/eval/evaluate.h"
#include "epalm/model/trainable.h"

namespace epalm::demo {

// One task of the demo; all scores in percent.
struct TaskResult {
  std::string modality, task;  // "image"; "vqa" or "caption"
  model::ParameterCounts parameters;
  double seconds_per_epoch = 0;
  std::map<std::string, double> metrics;        // on test scenes with colour-shape pairs never seen in training
  std::map<std::string, double> blank;          // the same model shown the mean colour only
  std::map<std::string, double> most_frequent;  // the most frequent training answer of each question type; vqa only
  std::optional<double> text_ceiling;  // the LM on the same questions from the true description as text; vqa only
  std::vector<double> epoch_loss, epoch_valid;
  std::vector<eval::Prediction> predictions;
  std::filesystem::path checkpoint;
};

struct DemoResult {
  std::vector<TaskResult> tasks;
  std::filesystem::path report;
};

// The document that `epalm demo --json` prints; predictions are left out.
nlohmann::json to_json(const DemoResult& result);

}  // namespace epalm::demo
