#include "epalm/report/markdown_table.h"

#include <fmt/format.h>

#include "epalm/base/error.h"
#include "epalm/report/escape.h"

namespace epalm::report {

std::string escape_markdown(std::string_view text) {
  constexpr std::string_view kMarkup = "\\|*_`[]<>#";
  std::string escaped;
  for (const char c : printable(text)) {
    if (kMarkup.find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string render_markdown_table(const TextTable& table) {
  const size_t columns = table.header.size();
  std::string text;
  const auto add_line = [&](const std::vector<std::string>& row) {
    EPALM_ASSERT(row.size() <= columns);
    text += "|";
    for (size_t i = 0; i < columns; ++i) text += fmt::format(" {} |", i < row.size() ? escape_markdown(row[i]) : "");
    text += "\n";
  };
  add_line(table.header);
  text += "|";
  for (size_t i = 0; i < columns; ++i) text += is_number_column(table, i) ? "---:|" : "---|";
  text += "\n";
  for (const auto& row : table.rows) {
    if (!row.empty()) add_line(row);  // a blank line would end the table
  }
  return text;
}

}  // namespace epalm::report
