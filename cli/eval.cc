#include "epalm/eval/evaluate.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/console.h"
#include "cli/interrupt.h"
#include "cli/run_flags.h"
#include "cli/session.h"
#include "epalm/base/error.h"
#include "epalm/eval/predictions_file.h"
#include "epalm/infer/bundle.h"
#include "epalm/train/adapter_folder.h"

namespace epalm::cli {
namespace {

struct EvalFlags {
  RunFlags run;
  std::string checkpoint, split, output, export_to;
  bool json = false, blank = false;
};

int run_eval(const EvalFlags& flags) {
  require(flags.export_to.empty() || !flags.blank, "--export writes the scores into a model card; leave out --blank");
  infer::Bundle bundle = infer::load_bundle(flags.run.load());
  infer::load_adapter(bundle, flags.checkpoint);
  const infer::RunConfig& config = bundle.config;
  const std::string split = flags.split.empty() || flags.split == "test" ? config.test_split
                            : flags.split == "val"                       ? config.val_split
                            : flags.split == "train"                     ? config.train_split
                                                                         : flags.split;
  eval::EvalOptions options;
  options.blank = flags.blank;
  options.interrupted = interrupted;
  options.progress = [&](int64_t done, int64_t total) { Console::get().progress("evaluate", done, total); };
  const auto result = eval::evaluate(bundle, split, options);
  Console::get().clear_progress();
  if (!flags.output.empty()) eval::write_predictions(flags.output, result, config.task);
  if (!flags.export_to.empty()) {
    train::write_adapter_folder(flags.export_to, bundle,
                                {.scores = {{split, result.metrics}}, .source = flags.checkpoint});
  }
  if (flags.json) {
    const nlohmann::json document{{"task", infer::task_name(config.task)}, {"split", split},
                                  {"samples", result.predictions.size()},  {"blank", flags.blank},
                                  {"bad_samples", result.bad_samples},     {"metrics", result.metrics}};
    fmt::print("{}\n", document.dump(2));
  } else {
    fmt::print(
        "{} samples of {}{}{}\n", result.predictions.size(), split, flags.blank ? ", media replaced by blank ones" : "",
        result.bad_samples > 0 ? fmt::format(", {} of them unreadable and counted as wrong", result.bad_samples) : "");
    print_metrics(result.metrics);
  }
  return 0;
}

}  // namespace

void add_eval(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("eval", "Scores an adapter on a split, with all metrics of its task");
  auto flags = std::make_shared<EvalFlags>();
  add_run_flags(*verb, flags->run);
  verb->add_option("--checkpoint", flags->checkpoint,
                   "the adapter: .pth, .safetensors or an adapter's folder (required)");
  verb->add_option("--split", flags->split, "train, val, test (default), or names of splits of the data set");
  verb->add_option("--output", flags->output, "write the predictions here, as VQA or COCO results (JSON)");
  verb->add_option("--export", flags->export_to,
                   "write the adapter here as a folder: adapter.safetensors, config.json, README.md with the scores");
  verb->add_flag("--blank", flags->blank, "replace every medium by a blank one: what the text alone is worth");
  verb->add_flag("--json", flags->json, "one JSON document");
  verb->footer(
      "\nExample:\n  epalm eval ePALM_vqa.yaml --checkpoint runs/vqa/checkpoint_best.pth --output predictions.json");
  verb->callback([flags, &session] {
    // Not ->required(): an unknown flag is to be named first.
    if (flags->checkpoint.empty()) throw CLI::RequiredError("--checkpoint");
    session.how_to_continue = "the same command starts over";
    session.action = [flags] { return run_eval(*flags); };
  });
}

}  // namespace epalm::cli
