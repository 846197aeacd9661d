#include "epalm/reproduce/run_table.h"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>

#include "epalm/base/error.h"
#include "epalm/base/log.h"
#include "epalm/bench/child_process.h"
#include "epalm/demo/side_by_side.h"
#include "epalm/demo/task_config.h"
#include "epalm/demo/worlds.h"
#include "epalm/io/json_file.h"
#include "epalm/reproduce/cell_store.h"
#include "epalm/reproduce/measure.h"
#include "epalm/reproduce/shared_progress.h"

namespace epalm::reproduce {
namespace {

using infer::Task;
using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr int kFirstSeed = 42;  // of the demo

// One cell of the table with one seed.
struct Run {
  size_t task, row;
  int seed;
  infer::RunConfig config;
};

// What one or several runs come to, done once.
struct Job {
  const Run* run;  // the first of them
  json made_with;
  std::optional<CellResult> result;
  std::string problem;  // why there is none
  std::string stage;    // while it is at work
  double share = 0;     // 0..1
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
      report({.share = static_cast<double>(done) / static_cast<double>(std::max(total, 1)), .at_work = {"world"}});
    });
    const std::vector<size_t> job_of = find_jobs();
    std::vector<size_t> open;
    for (size_t i = 0; i < jobs_.size(); ++i) {
      if (!jobs_[i].result) open.push_back(i);
    }
    done_ = static_cast<int>(jobs_.size() - open.size());
    to_do_ = static_cast<double>(open.size());
    start_ = Clock::now();
    demo::side_by_side(
        open.size(), [&](size_t i) { do_job(jobs_[open[i]]); }, [this] { stopped_ = true; });
    for (size_t i = 0; i < runs_.size(); ++i) {
      const Job& job = jobs_[job_of[i]];
      Entry& entry = result_.entries[runs_[i].task][runs_[i].row];
      if (job.result) {
        entry.runs.push_back(*job.result);
      } else {
        entry.problem = job.problem;
        result_.failed = true;
      }
    }
    return std::move(result_);
  }

 private:
  // The configuration of a row with its seed; the user's keys win.
  infer::RunConfig config_of(Task task, const std::vector<std::string>& keys, int seed) const {
    demo::DemoOptions world = options_.world;
    world.overrides = keys;
    // `seed` draws the subsets of train_topk.
    world.overrides.insert(world.overrides.end(), {fmt::format("run_seed={}", seed), fmt::format("seed={}", seed)});
    if (infer::is_caption(task) && options_.caption_epochs > 0) {
      world.overrides.push_back(fmt::format("schedular.epochs={}", options_.caption_epochs));
    }
    world.overrides.insert(world.overrides.end(), options_.world.overrides.begin(), options_.world.overrides.end());
    return demo::task_config(world, task);
  }

  void plan() {
    const auto& tasks = options_.world.tasks;
    result_ = {.table = options_.table,
               .command = options_.command,
               .rows = options_.rows,
               .tasks = tasks,
               .media = {},
               .seeds = options_.seeds,
               .caption_epochs = options_.caption_epochs,
               .entries = std::vector<std::vector<Entry>>(tasks.size(), std::vector<Entry>(options_.rows.size()))};
    for (const infer::Modality modality : demo::modalities_of(options_.world)) {
      result_.media[modality] = demo::media_counts(options_.world, modality).train;
    }
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

  // The jobs, with what an earlier call finished, and the job of each run.
  std::vector<size_t> find_jobs() {
    std::vector<size_t> job_of;
    std::map<std::string, size_t> known;
    for (const Run& run : runs_) {
      json made_with = demo::made_with(options_.world, run.config);
      const auto [found, added] = known.emplace(made_with.dump(), jobs_.size());
      job_of.push_back(found->second);
      if (added) jobs_.push_back({&run, made_with, store_->find(made_with), "", "", 0});
    }
    return job_of;
  }

  std::string name_of(const Job& job) const {
    return fmt::format("{} {}, seed {}", infer::task_name(result_.tasks[job.run->task]),
                       result_.rows[job.run->row].name, job.run->seed);
  }

  void report(TableProgress progress) const {
    progress.done = done_;
    progress.runs = static_cast<int>(jobs_.size());
    if (options_.progress) options_.progress(progress);
  }

  // The job has come so far.
  void report(Job& job, const std::string& stage, double share) {
    const std::lock_guard lock(mutex_);
    job.stage = stage;
    job.share = share;
    double passed = done_here_;
    TableProgress progress;
    for (const Job& other : jobs_) {
      if (other.stage.empty()) continue;
      passed += other.share;
      progress.at_work.push_back(fmt::format("{}: {}", name_of(other), other.stage));
    }
    progress.share = passed / to_do_;
    const double passed_s = std::chrono::duration<double>(Clock::now() - start_).count();
    if (passed > 0) progress.eta_s = passed_s * (to_do_ - passed) / passed;
    report(progress);
  }

  bool interrupted() const { return stopped_ || (options_.interrupted && options_.interrupted()); }

  void do_job(Job& job) {
    if (interrupted()) throw Interrupted("interrupted between two runs");
    std::optional<CellResult> measured;
    std::string problem;
    try {
      measured = measure_job(job);
      store_->add(job.made_with, *measured);
    } catch (const Interrupted&) {
      throw;
    } catch (const Error& error) {
      // What ended the run may be the signal that is meant for all.
      if (interrupted()) throw Interrupted("interrupted during a run");
      problem = error.what();
    }
    const std::lock_guard lock(mutex_);
    job.result = std::move(measured);
    job.problem = std::move(problem);
    job.stage.clear();
    ++done_, ++done_here_;
    if (!job.result) return;
    const std::string metric = main_metric(result_.tasks[job.run->task]);
    log_info("{}: {} {:.1f}", name_of(job), metric, job.result->metrics.at(metric));
  }

  CellResult measure_job(Job& job) {
    SharedProgress shared;
    MeasureOptions options;
    options.work_folder = store_->work_folder(job.made_with);
    if (!options_.own_processes) {
      options.interrupted = [this] { return interrupted(); };
      options.progress = [&](const std::string& stage, double share) { report(job, stage, share); };
      return measure(job.run->config, options);
    }
    options.progress = [&](const std::string& stage, double share) { shared.tell(stage, share); };
    // The child is ended from here, and asked from here how far it is.
    const auto watch = [&] {
      if (!shared.stage().empty()) report(job, shared.stage(), shared.share());
      return interrupted();
    };
    const bench::ChildResult child =
        bench::in_child_process([&] { return to_json(measure(job.run->config, options)).dump(); }, watch);
    CellResult result = cell_from_json(io::parse_json(child.text, name_of(job)), name_of(job));
    result.peak_rss_gb = child.peak_rss_gb;
    return result;
  }

  const TableOptions& options_;
  std::optional<CellStore> store_;
  TableResult result_;
  std::vector<Run> runs_;
  std::atomic<bool> stopped_ = false;  // the runs at work are to end

  std::mutex mutex_;  // of what runs side by side change
  std::vector<Job> jobs_;
  int done_ = 0, done_here_ = 0;  // in all, and of those that this call has to do
  double to_do_ = 0;              // by this call
  Clock::time_point start_;
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
