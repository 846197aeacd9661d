#pragma once

#include <CLI/CLI.hpp>

#include <map>
#include <string>
#include <vector>

#include "epalm/infer/run_config.h"

namespace epalm::cli {

// The configuration of a run as it stands on the command line: a file, flags of the published programs, key=value.
struct RunFlags {
  std::string config;
  std::string text_model, vision_model, encoder_weights, data_dir, device = "cpu";
  std::string seed, max_gen_length;
  std::vector<std::string> overrides;
  // Of the published programs; load() says what becomes of each.
  std::string image_dir, dist_url;
  int world_size = 1;
  bool low_cpu = false, distributed = false, submit = false;

  // Flags first, then key=value, which win.
  std::vector<std::string> all_overrides() const;
  // Also logs the keys and flags that nothing reads. Throws Error for another device than cpu and for flags of the
  // published programs that ask for what is done otherwise here.
  infer::RunConfig load() const;
};

// Adds CONFIG, the flags and KEY=VALUE.
void add_run_flags(CLI::App& verb, RunFlags& flags);

// key=value with the value quoted where YAML would not read it as a text.
std::string text_override(const std::string& key, const std::string& value);

// The keys of a configuration with default and meaning, for help.
std::string config_keys_help();

void print_metrics(const std::map<std::string, double>& metrics);  // a table on standard output

}  // namespace epalm::cli
