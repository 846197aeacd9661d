#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "epalm/bench/growth_curves.h"
#include "epalm/bench/run_rows.h"
#include "epalm/infer/machine.h"

namespace epalm::bench {

// {"machine":{…},"rows":[{"name","what","unit","precision","value","twin","ratio","strong","target","target_is","met",
// "roofline":{"percent","bound","peak","unit"},"peak_rss_gb","twin_peak_rss_gb","note","error"}]}; null where a row has
// none. target_is says which figure the target bounds, and how; bound is "products" or "memory".
// Where growth was measured also "growth":[{"title","x_title","y_title","points":[[x,y],…]}].
nlohmann::json to_json(const infer::Machine& machine, const std::vector<RowResult>& results,
                       const std::vector<GrowthCurve>& curves = {});

// The same for a terminal: the machine, a table, what each row was measured on, and a table of the curves' points.
std::string to_text(const infer::Machine& machine, const std::vector<RowResult>& results,
                    const std::vector<GrowthCurve>& curves = {});

// Names, targets and what is measured, for a terminal.
std::string list_text(const std::vector<Row>& rows);

}  // namespace epalm::bench
