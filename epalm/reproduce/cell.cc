#include "epalm/reproduce/cell.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "epalm/base/error.h"

namespace epalm::reproduce {
namespace {

using nlohmann::json;

// JSON has no NaN: it stands as null.
std::vector<double> numbers(const json& list) {
  std::vector<double> values;
  for (const json& value : list.get_ref<const json::array_t&>())
    values.push_back(value.is_null() ? std::nan("") : value.get<double>());
  return values;
}

}  // namespace

json to_json(const CellResult& result) {
  return {{"metrics", result.metrics},
          {"parameters_total", result.parameters.total},
          {"parameters_trained", result.parameters.trained},
          {"seconds_per_epoch", result.seconds_per_epoch},
          {"seconds", result.seconds},
          {"peak_rss_gb", result.peak_rss_gb ? json(*result.peak_rss_gb) : json()},
          {"epoch_loss", result.epoch_loss},
          {"epoch_valid", result.epoch_valid}};
}

CellResult cell_from_json(const json& value, const std::string& where) {
  try {
    CellResult result;
    value.at("metrics").get_to(result.metrics);
    result.parameters.total = value.at("parameters_total");
    result.parameters.trained = value.at("parameters_trained");
    result.seconds_per_epoch = value.at("seconds_per_epoch");
    result.seconds = value.at("seconds");
    if (!value.at("peak_rss_gb").is_null()) result.peak_rss_gb = value["peak_rss_gb"].get<double>();
    result.epoch_loss = numbers(value.at("epoch_loss"));
    result.epoch_valid = numbers(value.at("epoch_valid"));
    return result;
  } catch (const json::exception& error) {
    fail("{}: expected the result of a run, got something else ({}); remove the file", where, error.what());
  }
}

Mean mean_of(const std::vector<double>& values) {
  EPALM_ASSERT(!values.empty());
  const auto count = static_cast<double>(values.size());
  Mean result{.mean = std::accumulate(values.begin(), values.end(), 0.0) / count, .count = values.size()};
  if (values.size() > 1) {
    double squares = 0;
    for (const double value : values) squares += (value - result.mean) * (value - result.mean);
    result.deviation = std::sqrt(squares / (count - 1));
  }
  return result;
}

}  // namespace epalm::reproduce
