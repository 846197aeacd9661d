#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "epalm/metrics/ngrams.h"

// Caption metrics that exist as Java programs alone, for users who have them (METRICS.md 6). Each runs as a child
// process without a shell, which is ended when it takes too long.
namespace epalm::metrics {

struct JavaOptions {
  std::filesystem::path meteor_jar;  // meteor-1.5.jar, its `data` folder beside it
  std::filesystem::path spice_jar;   // spice-1.0.jar, its `lib` folder beside it
  double limit_s = 3600;             // for each program
  std::function<bool()> interrupted = {};
};

// The jars that EPALM_METEOR_JAR and EPALM_SPICE_JAR name.
JavaOptions java_options_from_environment();

struct JavaScore {
  std::optional<double> value{};  // fraction
  std::string reason{};           // why there is none
};

// METEOR 1.5 for English, with its own normalisation. Throws Interrupted.
JavaScore meteor(std::span<const CaptionItem> items, const JavaOptions& options);

// SPICE: the mean F-score of the propositions. Throws Interrupted.
JavaScore spice(std::span<const CaptionItem> items, const JavaOptions& options);

struct ProgramResult {
  std::optional<int> exit_code{};  // 128 + signal for one that a signal ended; none: there is no such program
  bool timed_out = false;
  std::string output{}, errors{};
};

// Runs a program that is found on the PATH in `folder`, gives it `input` and collects what it prints. It is ended after
// limit_s seconds or when interrupted() says so, which throws Interrupted.
ProgramResult run_with_input(const std::vector<std::string>& arguments, const std::filesystem::path& folder,
                             const std::string& input, double limit_s, const std::function<bool()>& interrupted = {});

}  // namespace epalm::metrics
