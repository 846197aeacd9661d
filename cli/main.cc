#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iterator>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "cli/console.h"
#include "cli/interrupt.h"
#include "cli/session.h"
#include "epalm/base/error.h"
#include "epalm/hub/hub_cache.h"
#include "epalm/infer/config_source.h"

namespace {

using namespace epalm;
using namespace epalm::cli;

constexpr int kOk = 0, kFailed = 1, kWrongUsage = 2, kInterrupted = 130;

// Freed tensors of a training step stay with the process: fetching their pages anew costs a tenth of the time.
void keep_freed_memory() {
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
}

// Threads that wait for others are to sleep. By default they spin, and as soon as anything else runs on the machine
// they keep the cores from those that they wait for: training beside one other busy process was ten times slower. The
// OpenMP library reads the variable when it is loaded, so verbs that compute for long start once more with it.
void let_waiting_threads_sleep(char** argv) {
  constexpr std::string_view kLong[] = {"demo", "eval", "features", "reproduce", "train", "world"};
  if (argv[1] == nullptr || std::find(std::begin(kLong), std::end(kLong), argv[1]) == std::end(kLong)) return;
  if (std::getenv("OMP_WAIT_POLICY") != nullptr || std::getenv("GOMP_SPINCOUNT") != nullptr) return;
  setenv("OMP_WAIT_POLICY", "passive", 1);
  execv("/proc/self/exe", argv);  // comes back only where that cannot be: then they spin
}

// The published programs spell flags with `_`; help shows `-`. Both are read.
std::vector<std::string> with_dashes(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  for (auto& argument : arguments) {
    if (argument == "--") break;
    if (!argument.starts_with("--")) continue;
    const size_t end = std::min(argument.find('='), argument.size());
    std::replace(argument.begin(), argument.begin() + static_cast<std::ptrdiff_t>(end), '_', '-');
  }
  return arguments;
}

int wrong_usage(const std::string& message) {
  fmt::print(stderr, "epalm: {}\n", message);
  return kWrongUsage;
}

int parse(CLI::App& app, std::vector<std::string> arguments) {
  if (arguments.empty()) return wrong_usage("a verb is missing; `epalm --help` lists them");
  if (!arguments.front().starts_with('-')) {
    std::vector<std::string> verbs;
    for (const auto* verb : app.get_subcommands({})) verbs.push_back(verb->get_name());
    if (std::find(verbs.begin(), verbs.end(), arguments.front()) == verbs.end()) {
      return wrong_usage(fmt::format("unknown verb '{}'; the nearest is '{}', `epalm --help` lists all",
                                     arguments.front(), infer::nearest(arguments.front(), verbs)));
    }
  }
  try {
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error), -1;  // --help, --version
    const auto chosen = app.get_subcommands();
    return wrong_usage(
        fmt::format("{}; see `epalm {}--help`", error.what(), chosen.empty() ? "" : chosen.front()->get_name() + " "));
  }
  return kOk;
}

int run(const Session& session) {
  try {
    return session.action();
  } catch (const Interrupted& error) {
    Console::get().clear_progress();
    fmt::print(stderr, "epalm: {}{}{}\n", error.what(), session.how_to_continue.empty() ? "" : "; ",
               session.how_to_continue);
    return kInterrupted;
  } catch (const Error& error) {
    Console::get().clear_progress();
    fmt::print(stderr, "epalm: {}\n", error.what());
  } catch (const std::bad_alloc&) {
    Console::get().clear_progress();
    fmt::print(stderr, "epalm: out of memory; try smaller batches or precision=bf16\n");
  } catch (const std::exception& error) {
    Console::get().clear_progress();
    fmt::print(stderr, "epalm: internal error, please report it: {}\n", error.what());
  }
  return kFailed;
}

}  // namespace

int main(int argc, char** argv) {
  let_waiting_threads_sleep(argv);
  keep_freed_memory();
  Session session;
  CLI::App app{"Gives a frozen language model eyes: trains, evaluates and asks eP-ALM adapters.", "epalm"};
  app.set_version_flag("--version", "epalm " EPALM_VERSION);
  app.add_option("--threads", session.threads, "threads to compute with; default: all cores")
      ->check(CLI::Range(1, 1024));
  app.require_subcommand(1);
  app.footer(
      "\nExit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted. Results go to standard output, the rest to "
      "standard "
      "error.\n`epalm VERB --help` tells all about a verb, with an example.");
  add_demo(app, session);
  add_train(app, session);
  add_eval(app, session);
  add_features(app, session);
  add_ask(app, session);
  add_bench(app, session);
  add_reproduce(app, session);
  add_inspect(app, session);
  add_datasets(app, session);
  add_metrics(app, session);
  add_world(app, session);
  for (auto* verb : app.get_subcommands({})) {
    verb->fallthrough();
    for (auto* part : verb->get_subcommands({})) part->fallthrough();
  }

  if (const int code = parse(app, with_dashes(argc, argv)); code != kOk) return code < 0 ? kOk : code;
  set_log_sink([](LogLevel level, std::string_view message) { Console::get().log(level, message); });
  catch_interrupts();
  hub::set_download_watch(
      {.progress = [](const std::string& file, int64_t done,
                      int64_t total) { Console::get().progress("load " + file, done, total, "", -1, Unit::kBytes); },
       .interrupted = interrupted});
  const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
  at::set_num_threads(session.threads > 0 ? session.threads : static_cast<int>(cores));
  return run(session);
}
