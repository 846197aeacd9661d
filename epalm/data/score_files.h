#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "epalm/metrics/bootstrap.h"
#include "epalm/metrics/java_scores.h"

namespace epalm::data {

struct ScoreOptions {
  std::string split = "test";  // of dataset_coco.json
  bool partial = false;        // score what is predicted, though more was asked
  metrics::BootstrapOptions bootstrap;
  metrics::JavaOptions java;
};

struct Measure {
  std::string name;
  double value = 0;  // percent
  std::optional<metrics::Interval> interval;
};

struct FileScores {
  std::string rule;     // how predictions were compared
  int64_t items = 0;    // predictions that were scored
  int64_t missing = 0;  // references without a prediction, left out
  std::vector<Measure> measures;
  std::map<std::string, double> per_question_type;                // percent; empty where the references tell none
  std::vector<std::pair<std::string, std::string>> not_computed;  // metric -> why
};

// Scores a file of predictions against one of references (data/result_files.h). Answers: accuracy and that of each
// answer type, by the official VQA rule where the references hold the annotators' answers, by labels otherwise.
// Captions: BLEU_1…4, ROUGE_L, CIDEr, which is CIDEr-D as the official evaluator computes it, and METEOR and SPICE
// where their programs are here. Throws Error for files of different kinds, a prediction nobody asked for and, without
// `partial`, one that is missing.
FileScores score_files(const std::filesystem::path& predictions, const std::filesystem::path& references,
                       const ScoreOptions& options = {});

}  // namespace epalm::data
