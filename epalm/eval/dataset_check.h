#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "epalm/data/sample.h"
#include "epalm/infer/run_config.h"

// What is missing or broken in the data of a run, before it starts.
namespace epalm::eval {

struct SplitCheck {
  std::string role;     // train, val, test
  std::string splits;   // as the config names them
  std::string problem;  // of the annotation files; empty: none, and the rest holds
  int64_t samples = 0;
  int64_t media = 0;                                        // different files
  int64_t opened = 0;                                       // of them
  int64_t unanswered = 0;                                   // questions without an accepted answer
  std::vector<std::string> missing;                         // files
  std::vector<std::pair<std::string, std::string>> broken;  // files that do not open, and why
  std::vector<data::Sample> examples;

  bool good() const { return problem.empty() && missing.empty() && broken.empty(); }
};

struct DatasetCheckOptions {
  int64_t most_opened = -1;  // media of each split that are decoded, evenly chosen; below 0: all
  int64_t examples = 3;      // of each split
  std::function<void(const std::string& role, int64_t done, int64_t total)> progress = {};
  std::function<bool()> interrupted = {};  // true: stop with Interrupted
};

// Reads the annotation files of the three splits, and those that scoring needs, looks for every medium and decodes it
// as the run will. Nothing that is wrong with the data throws.
std::vector<SplitCheck> check_datasets(const infer::RunConfig& config, const DatasetCheckOptions& options = {});

}  // namespace epalm::eval
