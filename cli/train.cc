#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/console.h"
#include "cli/interrupt.h"
#include "cli/run_flags.h"
#include "cli/session.h"
#include "epalm/base/error.h"
#include "epalm/base/log.h"
#include "epalm/eval/evaluate.h"
#include "epalm/infer/bundle.h"
#include "epalm/train/adapter_folder.h"
#include "epalm/train/trainer.h"

namespace epalm::cli {
namespace {

struct TrainFlags {
  RunFlags run;
  std::string output_dir, checkpoint;
  bool resume = false, save_best = false, evaluate = false, json = false;
};

std::map<std::string, double> test_metrics(const infer::Bundle& bundle) {
  eval::EvalOptions options;
  options.interrupted = interrupted;
  options.progress = [](int64_t done, int64_t total) { Console::get().progress("test", done, total); };
  auto metrics = eval::evaluate(bundle, bundle.config.test_split, options).metrics;
  Console::get().clear_progress();
  return metrics;
}

void show(const train::TrainProgress& progress) {
  const std::string label = progress.phase == "features"
                                ? progress.phase
                                : fmt::format("{} {}/{}", progress.phase, progress.epoch + 1, progress.epochs);
  std::string detail;
  if (progress.phase == "train") {
    detail = fmt::format("loss {:.4f}  lr {:.2e}  {:.1f}/s", progress.loss, progress.lr, progress.samples_per_second);
  }
  if (progress.bad_samples > 0) detail += fmt::format("  {} unreadable", progress.bad_samples);
  Console::get().progress(label, progress.done, progress.total, detail, progress.eta_s > 0 ? progress.eta_s : -1);
}

int run_train(const TrainFlags& flags) {
  const infer::RunConfig config = flags.run.load();
  nlohmann::json document{{"task", infer::task_name(config.task)}};
  std::filesystem::path tested = flags.checkpoint, folder;
  train::AdapterCard card;
  if (flags.evaluate) {
    require(!flags.checkpoint.empty(), "--evaluate needs the adapter to score; add --checkpoint FILE");
  } else {
    train::TrainOptions options;
    options.output_dir = flags.output_dir;
    options.resume = flags.resume;
    options.save_best = flags.save_best;
    options.checkpoint = flags.checkpoint;
    options.progress = show;
    options.interrupted = interrupted;
    const auto result = train::train(config, options);
    Console::get().clear_progress();
    tested = result.best;
    folder = options.output_dir / "adapter";
    card.run_record = options.output_dir / "run.json";
    card.scores = {{config.val_split, result.valid_metrics}};
    document.update({{"seconds_per_epoch", result.seconds_per_epoch},
                     {"epoch_loss", result.epoch_loss},
                     {"epoch_valid", result.epoch_valid},
                     {"best", result.best.string()},
                     {"last", result.last.string()},
                     {"adapter", folder.string()}});
    if (!flags.json) {
      fmt::print("{} epochs, {:.1f} s each; {}; {}\n", result.epoch_loss.size(), result.seconds_per_epoch,
                 tested.string(), folder.string());
    }
  }
  const infer::Bundle bundle = infer::load_bundle(config);
  infer::load_adapter(bundle, tested);
  // Once before the test, which may take long or fail, and once with its scores.
  if (!folder.empty()) train::write_adapter_folder(folder, bundle, card);
  const auto metrics = test_metrics(bundle);
  card.scores.push_back({config.test_split, metrics});
  if (!folder.empty()) train::write_adapter_folder(folder, bundle, card);
  document["metrics"] = metrics;
  if (flags.json) {
    fmt::print("{}\n", document.dump(2));
  } else {
    print_metrics(metrics);
  }
  return 0;
}

}  // namespace

void add_train(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("train", "Trains an adapter and scores it on the test split");
  auto flags = std::make_shared<TrainFlags>();
  add_run_flags(*verb, flags->run);
  verb->add_option("--output-dir", flags->output_dir,
                   "checkpoints, log.txt and the folder adapter/ go here; default: runs/NAME of CONFIG");
  verb->add_option("--checkpoint", flags->checkpoint, "start from this adapter; with --resume: continue this run");
  verb->add_flag("--resume", flags->resume, "continue the run in --output-dir exactly where it stopped");
  verb->add_flag("--save-best", flags->save_best,
                 "keep the epoch with the best validation score as checkpoint_best.pth");
  verb->add_flag("--evaluate", flags->evaluate, "train nothing, score --checkpoint on the test split");
  verb->add_flag("--json", flags->json, "one JSON document on standard output");
  verb->footer([] {
    return "\nExample:\n  epalm train ePALM_vqa.yaml --data-dir data --text-model models/opt-350m --output-dir "
           "runs/vqa "
           "optimizer.lr=1e-4\n" +
           config_keys_help();
  });
  verb->callback([flags, &session] {
    if (flags->output_dir.empty())
      flags->output_dir = "runs/" + std::filesystem::path(flags->run.config).stem().string();
    session.how_to_continue = "the same command with --resume continues from " + flags->output_dir;
    session.action = [flags] { return run_train(*flags); };
  });
}

}  // namespace epalm::cli
