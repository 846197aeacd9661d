#include "epalm/demo/demo.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <set>

#include "epalm/base/error.h"
#include "epalm/demo/demo_report.h"
#include "epalm/demo/forecast.h"
#include "epalm/demo/gates.h"
#include "epalm/demo/reading.h"
#include "epalm/demo/side_by_side.h"
#include "epalm/demo/task_config.h"
#include "epalm/demo/task_state.h"
#include "epalm/demo/worlds.h"
#include "epalm/eval/samples.h"
#include "epalm/io/atomic_file.h"
#include "epalm/train/checkpoint.h"
#include "epalm/train/run_log.h"

namespace epalm::demo {
namespace {

namespace fs = std::filesystem;
using infer::Modality;
using infer::Task;
using nlohmann::json;

constexpr const char* kFinished = "result.json";
constexpr std::array kPhases = {"features", "train", "test", "blank"};  // of a task, that take time

// Seconds on two cores of an Intel Xeon; Forecast learns how far this machine is from them.
struct Costs {
  double write;     // a medium
  double features;  // of a medium
  double train;     // on a question or caption, forwards and backwards
  double answer;    // to a question
};

Costs costs_of(Task task) {
  const Costs costs = infer::modality_of(task) == Modality::kImage   ? Costs{0.002, 0.002, 0.0007, 0.003}
                      : infer::modality_of(task) == Modality::kVideo ? Costs{0.02, 0.012, 0.0007, 0.003}
                                                                     : Costs{0.01, 0.008, 0.0007, 0.003};
  return infer::is_caption(task) ? Costs{costs.write, costs.features, 2 * costs.train, 8 * costs.answer} : costs;
}

class Demo {
 public:
  explicit Demo(const DemoOptions& options) : options_(options) {
    require(!options.tasks.empty(), "the demo has no task to show; name at least one");
    std::set<Task> named;
    for (const Task task : options.tasks) {
      require(task != Task::kGqa, "the tiny world has no data set for the task gqa; name another");
      if (!named.insert(task).second) continue;
      configs_.push_back(task_config(options, task));  // all, so that a mistake shows before hours of work
    }
    std::error_code error;
    fs::create_directories(options.folder, error);
    require(!error, "'{}' cannot be made: {}; name a folder that can be written", options.folder.string(),
            error.message());
    if (fs::exists(options.folder / kFinished)) {
      for (const Task task : infer::kTasks) TaskState::forget(task_folder(task));
      fs::remove(options.folder / kFinished);
    }
    expect_all();
  }

  DemoResult operator()() {
    write_worlds();
    DemoResult result;
    result.tasks.resize(configs_.size());
    const std::vector<size_t> order = longest_first();
    side_by_side(
        order.size(), [&](size_t i) { result.tasks[order[i]] = run_task(configs_[order[i]]); },
        [this] { stopped_ = true; });
    result.gates = gates_of(result.tasks);
    result.report = options_.folder / "report.html";
    result.seconds = seconds();
    io::write_text_file(result.report, demo_report(result, options_.command));
    io::write_text_file(options_.folder / kFinished, to_json(result).dump(1) + "\n");
    return result;
  }

 private:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

  fs::path task_folder(Task task) const { return options_.folder / std::string(infer::task_name(task)); }

  // What takes time in a task, by the names under which it is reported.
  static std::string stage_of(const infer::RunConfig& config, const std::string& phase) {
    return std::string(infer::task_name(config.task)) + ": " + phase;
  }

  // So that the last to end do not leave others without work for long.
  std::vector<size_t> longest_first() const {
    std::vector<double> expected_s;
    for (const infer::RunConfig& config : configs_) {
      double sum = 0;
      for (const char* phase : kPhases) sum += forecast_.expected_s(stage_of(config, phase));
      expected_s.push_back(sum);
    }
    std::vector<size_t> order(configs_.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return expected_s[a] > expected_s[b]; });
    return order;
  }

  void expect_all() {
    double writing = 0;
    for (const Modality modality : modalities_of(options_)) {
      writing += costs_of(infer::task_of(modality, false)).write * media_counts(options_, modality).total();
    }
    forecast_.expect("world", writing / 2);  // several threads
    for (const infer::RunConfig& config : configs_) {
      const Costs costs = costs_of(config.task);
      const MediaCounts media = media_counts(options_, infer::modality_of(config.task));
      const double texts = infer::is_caption(config.task) ? 5 : 5.5;  // for each training medium, about
      const double asked = infer::is_caption(config.task) ? 1 : 3.5;  // for each test medium
      const auto expect = [&](const char* phase, double s) { forecast_.expect(stage_of(config, phase), s); };
      expect("features", costs.features * media.train);
      expect("train", static_cast<double>(config.schedule.epochs) *
                          (costs.train * texts * media.train + costs.answer * asked * media.val));
      for (const char* phase : {"test", "blank"}) expect(phase, (costs.answer * asked + costs.features) * media.test);
    }
  }

  // Of the task, or of what comes before all.
  void report(std::optional<Task> task, const std::string& stage, double share, const train::TrainProgress& detail) {
    const std::lock_guard lock(mutex_);
    at_work_[task] = {stage, detail};
    forecast_.advance(stage, share, seconds());
    if (!options_.progress) return;
    DemoProgress progress{.done = done_,
                          .tasks = static_cast<int>(configs_.size()),
                          .share = forecast_.share(),
                          .eta_s = forecast_.remaining_s(),
                          .at_work = {}};
    for (const auto& [at, what] : at_work_) progress.at_work.push_back(what);
    options_.progress(progress);
  }

  // A stage that only counts.
  std::function<void(int64_t, int64_t)> counting(std::optional<Task> task, const std::string& stage) {
    return [this, task, stage](int64_t done, int64_t total) {
      report(task, stage, static_cast<double>(done) / static_cast<double>(std::max<int64_t>(total, 1)),
             {.phase = stage, .done = done, .total = total});
    };
  }

  void write_worlds() {
    demo::write_worlds(options_, counting(std::nullopt, "world"));
    forecast_.finish("world");
    at_work_.clear();
  }

  void report_training(const infer::RunConfig& config, const train::TrainProgress& progress) {
    const auto total = static_cast<double>(std::max<int64_t>(progress.total, 1));
    double share = static_cast<double>(progress.done) / total;
    if (progress.phase != "features") {
      const double epochs = static_cast<double>(progress.epoch) + (progress.phase == "train" ? share : 1);
      share = epochs / static_cast<double>(std::max<int64_t>(progress.epochs, 1));
      const std::lock_guard lock(mutex_);
      forecast_.advance(stage_of(config, "train"), share, seconds());
    }
    report(config.task, stage_of(config, progress.phase), share, progress);
  }

  TaskResult run_task(const infer::RunConfig& config) {
    TaskState state(task_folder(config.task), made_with(options_, config));
    const bool was_done = state.result().has_value();
    if (!was_done) state.finish(measured(config));
    const std::lock_guard lock(mutex_);
    for (const char* phase : kPhases) forecast_.finish(stage_of(config, phase));
    at_work_.erase(config.task);
    ++done_;
    if (options_.finished && !was_done) options_.finished(*state.result());
    return *state.result();
  }

  bool interrupted() const { return stopped_ || (options_.interrupted && options_.interrupted()); }

  TaskResult measured(const infer::RunConfig& config) {
    const infer::Bundle bundle = infer::load_bundle(config);
    TaskResult result;
    result.task = config.task;
    result.parameters = model::count_parameters(bundle.model);
    train_on(bundle, result);

    const auto test = eval::load_samples(config, config.test_split);
    const auto stop = [this] { return interrupted(); };
    eval::EvalOptions seen{.progress = counting(config.task, stage_of(config, "test")), .interrupted = stop};
    auto evaluated = eval::evaluate(bundle, test, seen);
    result.metrics = std::move(evaluated.metrics);
    result.predictions = std::move(evaluated.predictions);
    eval::EvalOptions blind{
        .blank = true, .progress = counting(config.task, stage_of(config, "blank")), .interrupted = stop};
    result.blank = eval::evaluate(bundle, test, blind).metrics;
    if (result.asks()) {
      result.most_frequent = eval::most_frequent_baseline(config, eval::load_samples(config, config.train_split), test);
      result.text_ceiling = text_ceiling_on_test(bundle, options_);
    }
    return result;
  }

  void train_on(const infer::Bundle& bundle, TaskResult& result) {
    train::TrainOptions training;
    training.output_dir = task_folder(bundle.config.task);
    training.resume = true;
    training.save_best = true;
    training.interrupted = [this] { return interrupted(); };
    training.progress = [&](const train::TrainProgress& progress) { report_training(bundle.config, progress); };
    const auto trained = train::train(bundle, training);
    result.seconds_per_epoch = train::mean_epoch_seconds(training.output_dir / "log.txt");
    result.epoch_loss = trained.epoch_loss;
    result.epoch_valid = trained.epoch_valid;
    result.checkpoint = trained.best;
    infer::load_adapter(bundle, trained.best);
    train::write_adapter(training.output_dir / "adapter.safetensors", bundle);
  }

  const DemoOptions& options_;
  std::vector<infer::RunConfig> configs_;  // one for each task
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::atomic<bool> stopped_ = false;  // a task failed: the others are to end

  std::mutex mutex_;  // of what tasks side by side change
  Forecast forecast_;
  std::map<std::optional<Task>, DemoProgress::Stage> at_work_;
  int done_ = 0;
};

}  // namespace

void make_quick(DemoOptions& options) {
  options.tasks = {Task::kVqa, Task::kVideoQa, Task::kAudioQa};
  options.images.train_images = 1000;
  options.videos.clips.train = options.sounds.clips.train = 600;
  options.images.val_images = options.videos.clips.val = options.sounds.clips.val = 50;
  options.images.test_images = options.videos.clips.test = options.sounds.clips.test = 100;
  options.overrides.insert(options.overrides.begin(), "schedular.epochs=2");
  options.command += " --quick";
}

DemoResult run_demo(const DemoOptions& options) {
  return Demo(options)();
}

}  // namespace epalm::demo
