#pragma once

#include <CLI/CLI.hpp>

#include <functional>
#include <string>

namespace epalm::cli {

// What the verbs share while the command line is read.
struct Session {
  int threads = 0;              // 0: all cores
  std::function<int()> action;  // of the chosen verb; gives the exit code
  std::string how_to_continue;  // said after an interruption
};

// Each adds one verb to the program.
void add_demo(CLI::App& app, Session& session);
void add_train(CLI::App& app, Session& session);
void add_eval(CLI::App& app, Session& session);
void add_ask(CLI::App& app, Session& session);
void add_bench(CLI::App& app, Session& session);
void add_datasets(CLI::App& app, Session& session);
void add_features(CLI::App& app, Session& session);
void add_inspect(CLI::App& app, Session& session);
void add_metrics(CLI::App& app, Session& session);
void add_reproduce(CLI::App& app, Session& session);
void add_world(CLI::App& app, Session& session);

}  // namespace epalm::cli
