#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace epalm::infer {

// Where figures and trained files come from.
struct Machine {
  std::string cpu;
  int cores = 0;    // that this process may use
  int threads = 0;  // that libtorch computes with
  double memory_gb = 0;
  double load = 0;  // processes that wanted a core during the last minute: other work disturbs the figures
  std::string system;
  std::map<std::string, std::string> libraries;  // name -> version and what it chose for this CPU
};

Machine this_machine();
nlohmann::json to_json(const Machine& machine);

}  // namespace epalm::infer
