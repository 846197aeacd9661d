#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/console.h"
#include "cli/interrupt.h"
#include "cli/run_flags.h"
#include "cli/session.h"
#include "epalm/eval/dataset_check.h"
#include "epalm/report/numbers.h"
#include "epalm/report/text_table.h"

namespace epalm::cli {
namespace {

constexpr size_t kMostListed = 10;  // files of one kind and split, on a terminal

struct DatasetsFlags {
  RunFlags run;
  int64_t open = -1, samples = 3;
  bool json = false;
};

// What a sample asks for and expects.
std::string sample_text(const data::Sample& sample) {
  std::string expected;
  const auto add = [&](const std::string& text) { expected += (expected.empty() ? "" : " | ") + text; };
  for (const auto& [answer, score] : sample.label) add(answer);
  if (sample.answer.empty()) {
    for (const auto& caption : sample.targets) add(caption);
  } else {
    add(sample.answer);
  }
  return sample.question.empty() ? expected : sample.question + " -> " + expected;
}

nlohmann::json json_of(const eval::SplitCheck& check) {
  auto broken = nlohmann::json::array(), examples = nlohmann::json::array();
  for (const auto& [file, why] : check.broken) broken.push_back({{"file", file}, {"problem", why}});
  for (const auto& sample : check.examples) {
    examples.push_back({{"media", sample.media.string()}, {"text", sample_text(sample)}});
  }
  return {
      {"split", check.role},  {"names", check.splits},  {"problem", check.problem},       {"samples", check.samples},
      {"media", check.media}, {"opened", check.opened}, {"unanswered", check.unanswered}, {"missing", check.missing},
      {"broken", broken},     {"examples", examples}};
}

void print_files(const std::string& title, const std::vector<std::string>& lines) {
  if (lines.empty()) return;
  fmt::print("\n{}:\n", title);
  for (size_t i = 0; i < std::min(lines.size(), kMostListed); ++i) fmt::print("  {}\n", lines[i]);
  if (lines.size() > kMostListed) fmt::print("  … and {} more; --json lists all\n", lines.size() - kMostListed);
}

void print_checks(const std::vector<eval::SplitCheck>& checks) {
  const auto number = [](int64_t value) { return report::with_thousands(value); };
  report::TextTable table{{"split", "names", "samples", "media", "opened", "missing", "broken", "unanswered"}, {}};
  for (const auto& check : checks) {
    table.rows.push_back({check.role, check.splits, number(check.samples), number(check.media), number(check.opened),
                          number(std::ssize(check.missing)), number(std::ssize(check.broken)),
                          number(check.unanswered)});
  }
  fmt::print("{}", report::render_text_table(table));
  for (const auto& check : checks) {
    std::vector<std::string> broken;
    for (const auto& [file, why] : check.broken) broken.push_back(why);
    if (!check.problem.empty()) fmt::print("\n{}: {}\n", check.role, check.problem);
    print_files(check.role + ", missing", check.missing);
    print_files(check.role + ", broken", broken);
  }
  for (const auto& check : checks) {
    if (check.examples.empty()) continue;
    fmt::print("\n{}, for example:\n", check.role);
    for (const auto& sample : check.examples) fmt::print("  {}: {}\n", sample.media_id, sample_text(sample));
  }
}

int run_check(const DatasetsFlags& flags) {
  const infer::RunConfig config = flags.run.load();
  eval::DatasetCheckOptions options;
  options.most_opened = flags.open;
  options.examples = flags.samples;
  options.interrupted = interrupted;
  options.progress = [](const std::string& role, int64_t done, int64_t total) {
    Console::get().progress("open " + role, done, total);
  };
  const auto checks = eval::check_datasets(config, options);
  Console::get().clear_progress();
  const bool good = std::all_of(checks.begin(), checks.end(), [](const auto& check) { return check.good(); });
  if (flags.json) {
    auto splits = nlohmann::json::array();
    for (const auto& check : checks) splits.push_back(json_of(check));
    const nlohmann::json document{
        {"task", infer::task_name(config.task)}, {"data_dir", config.data_dir}, {"good", good}, {"splits", splits}};
    fmt::print("{}\n", document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  } else {
    print_checks(checks);
    fmt::print("\n{}\n", good ? "The data are complete." : "The data are not complete: see above.");
  }
  return good ? 0 : 1;
}

}  // namespace

void add_datasets(CLI::App& app, Session& session) {
  auto* verb = app.add_subcommand("datasets", "Checks the data of a run before it starts");
  verb->require_subcommand(1);
  auto* check = verb->add_subcommand("check", "What is missing or broken, counts and a few samples");
  auto flags = std::make_shared<DatasetsFlags>();
  add_run_flags(*check, flags->run);
  check->add_option("--open", flags->open, "decode so many media of each split, evenly chosen; default: all");
  check->add_option("--samples", flags->samples, "show so many samples of each split")->check(CLI::Range(0, 1000));
  check->add_flag("--json", flags->json, "one JSON document");
  const std::string example =
      "\nReads the annotations of all three splits, looks for every medium and decodes it as the run will. The exit\n"
      "code is 1 where something is missing or broken.\n"
      "Example:\n  epalm datasets check ePALM_vqa.yaml --data-dir data --open 200";
  check->footer(example);
  verb->footer(example + "\n`epalm datasets check --help` tells its flags, --json among them.");
  check->callback([flags, &session] {
    session.how_to_continue = "--open N opens fewer media";
    session.action = [flags] { return run_check(*flags); };
  });
}

}  // namespace epalm::cli
