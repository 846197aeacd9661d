#include "epalm/report/text_table.h"

#include <algorithm>
#include <string_view>

#include "epalm/base/error.h"
#include "epalm/report/escape.h"
#include "epalm/report/numbers.h"
#include "epalm/report/utf8.h"

namespace epalm::report {
namespace {

constexpr std::string_view kColumnGap = "  ";

// A digit after an optional sign, a bare dash, or nothing: what may stand in a column of numbers.
bool may_be_number(std::string_view cell) {
  if (cell.empty() || cell == kNoNumber || cell == "-") return true;
  if (cell.front() == '+' || cell.front() == '-') cell.remove_prefix(1);
  return !cell.empty() && cell.front() >= '0' && cell.front() <= '9';
}

}  // namespace

bool is_number_column(const TextTable& table, size_t column) {
  const auto filled = [&](const auto& row) { return column < row.size() && !row[column].empty(); };
  return std::any_of(table.rows.begin(), table.rows.end(), filled) &&
         std::all_of(table.rows.begin(), table.rows.end(),
                     [&](const auto& row) { return column >= row.size() || may_be_number(row[column]); });
}

std::string render_text_table(const TextTable& table) {
  const size_t columns = table.header.size();
  std::vector<int> widths(columns);
  std::vector<bool> right(columns);
  const auto measure = [&](const std::vector<std::string>& row) {
    EPALM_ASSERT(row.size() <= columns);
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(printable(row[i])));
  };
  measure(table.header);
  for (const auto& row : table.rows) measure(row);
  for (size_t i = 0; i < columns; ++i) right[i] = is_number_column(table, i);

  std::string text;
  const auto add_line = [&](const std::vector<std::string>& row) {
    std::string line;
    for (size_t i = 0; i < columns; ++i) {
      const std::string cell = i < row.size() ? printable(row[i]) : "";
      const std::string padding(static_cast<size_t>(widths[i] - display_width(cell)), ' ');
      if (i > 0) line += kColumnGap;
      line += right[i] ? padding + cell : cell + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  };
  add_line(table.header);
  for (size_t i = 0; i < columns; ++i) {
    if (i > 0) text += kColumnGap;
    for (int k = 0; k < widths[i]; ++k) text += "─";
  }
  text += "\n";
  for (const auto& row : table.rows) add_line(row);
  return text;
}

}  // namespace epalm::report
