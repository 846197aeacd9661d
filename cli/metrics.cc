#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/interrupt.h"
#include "cli/session.h"
#include "epalm/data/score_files.h"
#include "epalm/report/text_table.h"

namespace epalm::cli {
namespace {

struct MetricsFlags {
  std::string predictions, references;
  data::ScoreOptions options;
  bool json = false;
};

nlohmann::json json_of(const data::FileScores& scores) {
  auto measures = nlohmann::json::object(), intervals = nlohmann::json::object();
  auto not_computed = nlohmann::json::object();
  for (const auto& measure : scores.measures) {
    measures[measure.name] = measure.value;
    if (measure.interval) intervals[measure.name] = {measure.interval->low, measure.interval->high};
  }
  for (const auto& [name, why] : scores.not_computed) not_computed[name] = why;
  return {{"rule", scores.rule},
          {"items", scores.items},
          {"missing", scores.missing},
          {"metrics", measures},
          {"intervals_95", intervals},
          {"not_computed", not_computed},
          {"question_types", scores.per_question_type}};
}

void print_scores(const data::FileScores& scores) {
  fmt::print("{} predictions, {}{}\n\n", scores.items, scores.rule,
             scores.missing > 0 ? fmt::format("; {} references without a prediction left out", scores.missing) : "");
  report::TextTable table{{"metric", "%", "95 % interval"}, {}};
  for (const auto& measure : scores.measures) {
    table.rows.push_back(
        {measure.name, fmt::format("{:.2f}", measure.value),
         measure.interval ? fmt::format("{:.2f} to {:.2f}", measure.interval->low, measure.interval->high) : ""});
  }
  fmt::print("{}", report::render_text_table(table));
  for (const auto& [name, why] : scores.not_computed) fmt::print("{} was not computed: {}\n", name, why);
}

int run_metrics(MetricsFlags& flags) {
  auto& options = flags.options;
  const double limit_s = options.java.limit_s;
  options.java = metrics::java_options_from_environment();
  options.java.limit_s = limit_s;
  options.java.interrupted = interrupted;
  const auto scores = data::score_files(flags.predictions, flags.references, options);
  if (flags.json) {
    fmt::print("{}\n", json_of(scores).dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  } else {
    print_scores(scores);
  }
  return 0;
}

}  // namespace

void add_metrics(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("metrics", "Scores a file of predictions against a file of references");
  auto flags = std::make_shared<MetricsFlags>();
  verb->add_option("PREDICTIONS", flags->predictions, "answers or captions, as `epalm eval --output` writes them")
      ->required();
  verb->add_option("REFERENCES", flags->references, "what people said: see below (required)");
  verb->add_option("--bootstrap", flags->options.bootstrap.resamples,
                   "sets drawn for the confidence intervals; 0: no intervals; default: 1000")
      ->check(CLI::Range(int64_t{0}, int64_t{1'000'000}));
  verb->add_option("--seed", flags->options.bootstrap.seed, "seed of these sets; default: 42");
  verb->add_option("--split", flags->options.split, "of dataset_coco.json: train, val or test (default)");
  verb->add_flag("--partial", flags->options.partial, "leave out references without a prediction");
  verb->add_option("--java-limit", flags->options.java.limit_s, "seconds that METEOR and SPICE may take; default: 3600")
      ->check(CLI::PositiveNumber);
  verb->add_flag("--json", flags->json, "one JSON document");
  verb->footer(
      "\nPredictions: [{\"question_id\", \"answer\"}] or [{\"image_id\", \"caption\"}], as the servers of VQA and COCO "
      "take them.\n"
      "References: annotations of VQA (official accuracy) or COCO captions, dataset_coco.json, question files of GQA,\n"
      "MSRVTT and MSVD, caption files of clips, or own .jsonl files.\n"
      "CIDEr is CIDEr-D, as the official evaluator computes it. METEOR and SPICE run where EPALM_METEOR_JAR and\n"
      "EPALM_SPICE_JAR name their programs and java is on the PATH.\n"
      "Example:\n  epalm metrics predictions.json data/vqa/v2_mscoco_val2014_annotations.json --partial");
  verb->callback([flags, &session] {
    // Not ->required(): an unknown flag is to be named first.
    if (flags->references.empty()) throw CLI::RequiredError("REFERENCES");
    session.action = [flags] { return run_metrics(*flags); };
  });
}

}  // namespace epalm::cli
