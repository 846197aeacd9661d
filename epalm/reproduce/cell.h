#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "epalm/model/trainable.h"

namespace epalm::reproduce {

// What one run gave: a row of the table on one task with one seed.
struct CellResult {
  std::map<std::string, double> metrics;  // percent, on the test split
  model::ParameterCounts parameters;
  double seconds_per_epoch = 0;         // of training, without validation
  double seconds = 0;                   // of everything, in the call that finished it
  std::optional<double> peak_rss_gb{};  // 10^9 bytes of its process; none where it had no process of its own
  std::vector<double> epoch_loss, epoch_valid;
};

nlohmann::json to_json(const CellResult& result);
// Throws Error naming `where` for what to_json did not make.
CellResult cell_from_json(const nlohmann::json& json, const std::string& where);

// Of several seeds.
struct Mean {
  double mean = 0;
  std::optional<double> deviation{};  // of a sample (n - 1); none for one value
  size_t count = 0;
};
// Of at least one value.
Mean mean_of(const std::vector<double>& values);

}  // namespace epalm::reproduce
