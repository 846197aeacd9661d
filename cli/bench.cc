#include <fmt/format.h>

#include <algorithm>

#include "cli/console.h"
#include "cli/interrupt.h"
#include "cli/session.h"
#include "epalm/bench/all_rows.h"
#include "epalm/bench/bench_report.h"
#include "epalm/bench/select_rows.h"

namespace epalm::cli {
namespace {

struct BenchFlags {
  std::vector<std::string> names;
  bool json = false, list = false;
};

int run_bench(const BenchFlags& flags) {
  const auto rows = bench::select_rows(bench::all_rows(), flags.names);
  if (flags.list) {
    fmt::print("{}", bench::list_text(rows));
    return 0;
  }
  bench::RunOptions options;
  options.interrupted = interrupted;
  options.progress = [](const std::string& name, int64_t done, int64_t total) {
    Console::get().progress("bench", done, total, name);
  };
  const infer::Machine machine = infer::this_machine();
  const auto results = bench::run_rows(rows, options);
  Console::get().clear_progress();
  if (flags.json) {
    fmt::print("{}\n", bench::to_json(machine, results).dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  } else {
    fmt::print("{}", bench::to_text(machine, results));
  }
  return std::all_of(results.begin(), results.end(), [](const auto& result) { return result.error.empty(); }) ? 0 : 1;
}

}  // namespace

void add_bench(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("bench", "Measures speed and memory on this machine, each against a plain path");
  auto flags = std::make_shared<BenchFlags>();
  verb->add_option("NAME", flags->names, "rows to measure, or what their names begin with; default: all");
  verb->add_flag("--list", flags->list, "the rows and their targets, nothing measured");
  verb->add_flag("--json", flags->json, "one JSON document");
  verb->footer(
      "\nA ratio says how many times better than the plain path, measured in the same run. Other work on the machine\n"
      "disturbs the figures. A missed target is no failure; a row that could not be computed is.\n"
      "Example:\n  epalm bench media");
  verb->callback([flags, &session] { session.action = [flags] { return run_bench(*flags); }; });
}

}  // namespace epalm::cli
