#include "epalm/reproduce/run_table.h"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>

#include "epalm/base/error.h"
#include "epalm/bench/child_process.h"
#include "epalm/demo/task_config.h"
#include "epalm/demo/worlds.h"
#include "epalm/io/json_file.h"
#include "epalm/reproduce/cell_store.h"
#include "epalm/reproduce/measure.h"

namespace epalm::reproduce {
namespace {

using infer::Task;
using nlohmann::json;

constexpr int kFirstSeed = 42;  // of the demo

// One run to be done.
struct Run {
  size_t task, row;
  int seed;
  infer::RunConfig config;
};

class Table {
 public:
  explicit Table(const TableOptions& options) : options_(options) {
    require(!options.rows.empty() && !options.world.tasks.empty(), "the table has no row or no task; name some");
    for (const Task task : options.world.tasks) {
      require(task != Task::kGqa, "the tiny world has no data set for the task gqa; name another");
    }
    plan();  // all, so that a mistake shows before hours of work
    store_.emplace(options.world.folder);
  }

  TableResult operator()() {
    demo::write_worlds(options_.world, [&](int done, int total) {
      report({.what = "world", .share = static_cast<double>(done) / static_cast<double>(std::max(total, 1))});
    });
    for (const Run& run : runs_) {
      ++at_run_;
      do_run(run);
    }
    return result_;
  }

 private:
  // The configuration of a row with its seed; the user's keys win.
  infer::RunConfig config_of(Task task, const std::vector<std::string>& keys, int seed) const {
    demo::DemoOptions world = options_.world;
    world.overrides = keys;
    // `seed` draws the subsets of train_topk.
    world.overrides.insert(world.overrides.end(), {fmt::format("run_seed={}", seed), fmt::format("seed={}", seed)});
    world.overrides.insert(world.overrides.end(), options_.world.overrides.begin(), options_.world.overrides.end());
    return demo::task_config(world, task);
  }

  void plan() {
    const auto& tasks = options_.world.tasks;
    result_ = {.table = options_.table,
               .command = options_.command,
               .rows = options_.rows,
               .tasks = tasks,
               .seeds = options_.seeds,
               .entries = std::vector<std::vector<Entry>>(tasks.size(), std::vector<Entry>(options_.rows.size()))};
    std::vector<Setting> settings;
    for (const Task task : tasks) settings.push_back(setting_of(demo::task_config(options_.world, task)));
    // Seed by seed, so that a table that is stopped has as much as can be of every row.
    for (int seed = kFirstSeed; seed < kFirstSeed + options_.seeds; ++seed) {
      for (size_t task = 0; task < tasks.size(); ++task) {
        for (size_t row = 0; row < options_.rows.size(); ++row) {
          const Keys keys = options_.rows[row].keys(settings[task]);
          if (keys) {
            runs_.push_back({task, row, seed, config_of(tasks[task], *keys, seed)});
          } else {
            result_.entries[task][row].problem = "not possible with these models";
          }
        }
      }
    }
  }

  void report(TableProgress progress) const {
    if (!options_.progress) return;
    progress.run = at_run_;
    progress.runs = static_cast<int>(runs_.size());
    if (done_here_ > 0) {
      const double mean_s = seconds_here_ / done_here_;
      progress.eta_s = mean_s * (static_cast<double>(progress.runs - progress.run) + 1 - progress.share);
    }
    options_.progress(progress);
  }

  void do_run(const Run& run) {
    Entry& entry = result_.entries[run.task][run.row];
    const json made_with = demo::made_with(options_.world, run.config);
    if (auto done = store_->find(made_with)) {
      entry.runs.push_back(std::move(*done));
      return;
    }
    if (options_.interrupted && options_.interrupted()) throw Interrupted("interrupted between two runs");
    const auto start = std::chrono::steady_clock::now();
    try {
      const CellResult measured = measure_run(run, made_with);
      store_->add(made_with, measured);
      entry.runs.push_back(measured);
    } catch (const Interrupted&) {
      throw;
    } catch (const Error& error) {
      // What ended the run may be the signal that is meant for all.
      if (options_.interrupted && options_.interrupted()) throw Interrupted("interrupted during a run");
      entry.problem = error.what();
      result_.failed = true;
    }
    seconds_here_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    ++done_here_;
  }

  CellResult measure_run(const Run& run, const json& made_with) const {
    const std::string what =
        fmt::format("{} {}, seed {}", infer::task_name(result_.tasks[run.task]), result_.rows[run.row].name, run.seed);
    MeasureOptions options;
    options.work_folder = store_->work_folder(made_with);
    options.interrupted = options_.interrupted;
    options.progress = [&](const std::string& stage, double share) {
      report({.what = what, .stage = stage, .share = share});
    };
    const auto run_here = [&] {
      CellResult measured = measure(run.config, options);
      const std::string metric = main_metric(result_.tasks[run.task]);
      report({.what = what, .stage = fmt::format("{} {:.1f}", metric, measured.metrics.at(metric)), .share = 1});
      return measured;
    };
    if (!options_.own_processes) return run_here();
    const bench::ChildResult child =
        bench::in_child_process([&] { return to_json(run_here()).dump(); }, options_.interrupted);
    CellResult result = cell_from_json(io::parse_json(child.text, what), what);
    result.peak_rss_gb = child.peak_rss_gb;
    return result;
  }

  const TableOptions& options_;
  std::optional<CellStore> store_;
  TableResult result_;
  std::vector<Run> runs_;
  int at_run_ = 0;
  int done_here_ = 0;  // in this call
  double seconds_here_ = 0;
};

}  // namespace

std::string main_metric(Task task) {
  return infer::is_caption(task) ? "CIDEr" : "accuracy";
}

std::optional<Mean> Entry::metric(const std::string& name) const {
  std::vector<double> values;
  for (const CellResult& run : runs) {
    if (const auto found = run.metrics.find(name); found != run.metrics.end()) values.push_back(found->second);
  }
  if (values.empty()) return {};
  return mean_of(values);
}

TableResult run_table(const TableOptions& options) {
  return Table(options)();
}

}  // namespace epalm::reproduce
