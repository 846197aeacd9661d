#include "epalm/bench/select_rows.h"

#include <algorithm>

#include "epalm/base/error.h"
#include "epalm/infer/config_source.h"

namespace epalm::bench {

std::vector<Row> select_rows(const std::vector<Row>& rows, const std::vector<std::string>& names) {
  if (names.empty()) return rows;
  std::vector<bool> chosen(rows.size());
  for (const std::string& name : names) {
    const bool exact = std::any_of(rows.begin(), rows.end(), [&](const Row& row) { return row.name == name; });
    bool any = false;
    for (size_t i = 0; i < rows.size(); ++i) {
      const bool selected = exact ? rows[i].name == name : !name.empty() && rows[i].name.starts_with(name);
      if (selected) chosen[i] = any = true;
    }
    if (any) continue;
    std::vector<std::string> known;
    for (const Row& row : rows) known.push_back(row.name);
    fail("no row is called '{}' or begins so; the nearest is '{}', `epalm bench --list` shows all", name,
         infer::nearest(name, known));
  }
  std::vector<Row> selected;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (chosen[i]) selected.push_back(rows[i]);
  }
  return selected;
}

}  // namespace epalm::bench
