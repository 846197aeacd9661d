#include "epalm/demo/demo.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/assets.h"
#include "cli/console.h"
#include "cli/interrupt.h"
#include "cli/session.h"
#include "epalm/base/error.h"
#include "epalm/base/log.h"
#include "epalm/demo/demo_table.h"

namespace epalm::cli {
namespace {

constexpr const char* kFolder = "runs/demo";        // where `ask` looks for adapters
constexpr const char* kQuickFolder = "runs/quick";  // apart: its worlds are smaller

struct DemoFlags {
  std::string folder;
  std::vector<std::string> tasks, overrides;
  bool quick = false, json = false;
};

demo::DemoOptions options_of(const DemoFlags& flags) {
  demo::DemoOptions options;
  options.assets = assets_folder();
  options.overrides = flags.overrides;
  if (flags.quick) demo::make_quick(options);
  options.folder = !flags.folder.empty() ? flags.folder : flags.quick ? kQuickFolder : kFolder;
  if (!flags.tasks.empty()) options.tasks.clear();
  for (const auto& name : flags.tasks) {
    const auto task = infer::task_named(name);
    require(task.has_value(), "--task {}: expected vqa, caption, video_qa, video_caption, audio_qa or audio_caption",
            name);
    options.tasks.push_back(*task);
    options.command += " --task " + name;
  }
  options.interrupted = interrupted;
  return options;
}

// As "vqa: train 2/4, loss 0.612".
std::string stage_text(const demo::DemoProgress::Stage& stage) {
  const train::TrainProgress& detail = stage.detail;
  if (detail.phase != "train") return stage.name;
  return fmt::format("{} {}/{}, loss {:.3f}", stage.name, detail.epoch + 1, detail.epochs, detail.loss);
}

void show(const demo::DemoProgress& progress) {
  std::vector<std::string> stages;
  for (const auto& stage : progress.at_work) stages.push_back(stage_text(stage));
  Console::get().progress(fmt::format("{}/{} done", progress.done, progress.tasks),
                          static_cast<int64_t>(100 * progress.share), 100, fmt::format("{}", fmt::join(stages, "; ")),
                          progress.eta_s, Unit::kPercent);
}

// As "vqa: accuracy 86.0 % on scenes never seen, 45.1 % with blank media".
void tell(const demo::TaskResult& task) {
  const std::string metric = demo::metrics_in_order(task).front();
  const char* unit = task.asks() ? " %" : "";
  log_info("{}: {} {:.1f}{} on scenes never seen, {:.1f}{} with blank media", infer::task_name(task.task), metric,
           task.metrics.at(metric), unit, task.blank.at(metric), unit);
}

// One line for each modality, with the adapter named where `ask` would not find it.
void print_what_to_ask(const demo::DemoResult& result) {
  struct Example {
    infer::Task task;
    const char* line;
  };
  constexpr Example kExamples[] = {{infer::Task::kVqa, "epalm ask my.png -q \"what colour is the circle\""},
                                   {infer::Task::kVideoQa, "epalm ask clip.mp4 -q \"what happens first\""},
                                   {infer::Task::kAudioQa, "epalm ask sound.wav -q \"what sound is first\""},
                                   {infer::Task::kCaption, "epalm ask my.png"},
                                   {infer::Task::kVideoCaption, "epalm ask clip.mp4"},
                                   {infer::Task::kAudioCaption, "epalm ask sound.wav"}};
  fmt::print("Ask about media of your own:\n");
  std::vector<infer::Modality> shown;
  for (const auto& [task, line] : kExamples) {
    for (const demo::TaskResult& done : result.tasks) {
      const infer::Modality modality = infer::modality_of(task);
      if (done.task != task || std::find(shown.begin(), shown.end(), modality) != shown.end()) continue;
      shown.push_back(modality);
      const bool found = done.checkpoint.parent_path().parent_path() == kFolder;
      fmt::print("  {}{}\n", line, found ? "" : " --checkpoint " + done.checkpoint.string());
    }
  }
}

int run_demo_verb(const DemoFlags& flags) {
  demo::DemoOptions options = options_of(flags);
  options.progress = show;
  options.finished = tell;
  const demo::DemoResult result = demo::run_demo(options);
  Console::get().clear_progress();
  if (flags.json) {
    fmt::print("{}\n", demo::to_json(result).dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
    return 0;
  }
  fmt::print("\n{}\n{}\n", report::render_text_table(demo::figures_table(result)),
             report::render_text_table(demo::gates_table(result)));
  fmt::print("It took {}. Report with curves, test media, questions and answers: {}\n", duration_text(result.seconds),
             result.report.string());
  print_what_to_ask(result);
  return 0;
}

}  // namespace

void add_demo(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("demo", "Shows a frozen language model learning to see and hear, in minutes");
  auto flags = std::make_shared<DemoFlags>();
  verb->add_option("KEY=VALUE", flags->overrides, "keys that replace those of the demo's configurations");
  verb->add_option(
      "--folder,--output-dir", flags->folder,
      fmt::format("gets the data, the adapters and report.html [{}, with --quick {}]", kFolder, kQuickFolder));
  verb->add_option(
          "--task", flags->tasks,
          "only this one of vqa, caption, video_qa, video_caption, audio_qa and audio_caption; may be repeated")
      ->take_all()
      ->allow_extra_args(false);
  verb->add_flag("--quick", flags->quick,
                 "questions only, few media and epochs: shows that everything runs, not how well it learns");
  verb->add_flag("--json", flags->json, "one JSON document");
  verb->footer("\nExample:\n  epalm demo --task video_qa --task audio_qa");
  verb->callback([flags, &session] {
    session.how_to_continue = "the same command continues where it stopped";
    session.action = [flags] { return run_demo_verb(*flags); };
  });
}

}  // namespace epalm::cli
