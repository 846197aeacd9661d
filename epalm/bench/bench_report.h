#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "epalm/bench/run_rows.h"
#include "epalm/infer/machine.h"

namespace epalm::bench {

// {"machine":{…},"rows":[{"name","what","unit","precision","value","twin","ratio","strong","target","target_is","met",
// "peak_rss_gb","note","error"}]}; null where a row has none. target_is says which figure the target bounds, and how.
nlohmann::json to_json(const infer::Machine& machine, const std::vector<RowResult>& results);

// The same for a terminal: the machine, a table, and what each row was measured on.
std::string to_text(const infer::Machine& machine, const std::vector<RowResult>& results);

// Names, targets and what is measured, for a terminal.
std::string list_text(const std::vector<Row>& rows);

}  // namespace epalm::bench
