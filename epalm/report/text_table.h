#pragma once

#include <string>
#include <vector>

namespace epalm::report {

// Rows may be shorter than the header; longer ones are an error of the caller.
struct TextTable {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
};

// The table for a terminal, one line each with a final newline and no trailing spaces: header, a rule, the rows.
// Columns whose cells are numbers (with a sign, thousands commas, a unit like % or s) are aligned right. Control
// characters become spaces.
std::string render_text_table(const TextTable& table);

// Whether every filled cell of the column is a number, so that it is aligned right.
bool is_number_column(const TextTable& table, size_t column);

}  // namespace epalm::report
