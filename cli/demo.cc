#include "epalm/demo/demo.h"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/assets.h"
#include "cli/console.h"
#include "cli/interrupt.h"
#include "cli/session.h"
#include "epalm/report/numbers.h"
#include "epalm/report/text_table.h"

namespace epalm::cli {
namespace {

struct DemoFlags {
  std::string folder = "runs/demo";
  std::vector<std::string> overrides;
  bool quick = false, json = false;
};

std::string percent(const std::map<std::string, double>& scores, const std::string& name) {
  const auto found = scores.find(name);
  return found == scores.end() ? "" : fmt::format("{:.1f}", found->second);
}

void print_task(const demo::TaskResult& task) {
  fmt::print("\n{}, {}: {} of {} parameters trained ({:.3f} %), {:.1f} s per epoch\n", task.modality, task.task,
             report::with_thousands(task.parameters.trained), report::with_thousands(task.parameters.total),
             task.parameters.trained_percent(), task.seconds_per_epoch);
  const bool questions = task.task == "vqa";
  report::TextTable table;
  table.header = {"% on unseen scenes", "with eyes", "blank pictures"};
  if (questions) table.header.insert(table.header.end(), {"most frequent answer", "true description as text"});
  for (const auto& [name, score] : task.metrics) {
    std::vector<std::string> row{name, fmt::format("{:.1f}", score), percent(task.blank, name)};
    if (questions) {
      row.push_back(percent(task.most_frequent, name));
      row.push_back(name == "accuracy" && task.text_ceiling ? fmt::format("{:.1f}", *task.text_ceiling) : "");
    }
    table.rows.push_back(row);
  }
  fmt::print("{}", report::render_text_table(table));
}

int run_demo_verb(const DemoFlags& flags) {
  demo::DemoOptions options;
  options.folder = flags.folder;
  options.assets = assets_folder();
  options.overrides = flags.overrides;
  if (flags.quick) {
    options.command += " --quick";
    options.world.train_images = 400;
    options.world.val_images = 50;
    options.world.test_images = 50;
    options.overrides.insert(options.overrides.begin(), "schedular.epochs=2");
  }
  options.interrupted = interrupted;
  options.progress = [](const std::string& stage, const train::TrainProgress& progress) {
    const bool training = progress.phase == "train";
    Console::get().progress(
        training ? fmt::format("{} {}/{}", stage, progress.epoch + 1, progress.epochs) : stage, progress.done,
        progress.total,
        training ? fmt::format("loss {:.4f}  {:.0f}/s", progress.loss, progress.samples_per_second) : "",
        progress.eta_s > 0 ? progress.eta_s : -1);
  };
  const demo::DemoResult result = demo::run_demo(options);
  Console::get().clear_progress();
  if (flags.json) {
    fmt::print("{}\n", demo::to_json(result).dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
    return 0;
  }
  for (const auto& task : result.tasks) print_task(task);
  fmt::print("\nReport with curves and pictures: {}\n", result.report.string());
  fmt::print("Ask about a picture of your own:\n  epalm ask my.png -q \"what colour is the circle\"\n");
  return 0;
}

}  // namespace

void add_demo(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("demo", "Shows a frozen language model learning to see, in minutes");
  auto flags = std::make_shared<DemoFlags>();
  verb->add_option("KEY=VALUE", flags->overrides, "keys that replace those of the demo's configurations");
  verb->add_option("--folder,--output-dir", flags->folder, "gets the data, the adapters and report.html")
      ->capture_default_str();
  verb->add_flag("--quick", flags->quick,
                 "a few pictures and epochs only: shows that everything runs, not how well it learns");
  verb->add_flag("--json", flags->json, "one JSON document");
  verb->footer("\nExample:\n  epalm demo");
  verb->callback([flags, &session] {
    session.how_to_continue = "`epalm demo` continues where it stopped";
    session.action = [flags] { return run_demo_verb(*flags); };
  });
}

}  // namespace epalm::cli
