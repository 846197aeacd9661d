#pragma once

#include <string>

#include "epalm/report/text_table.h"

namespace epalm::report {

// The table in GitHub's Markdown, with a final newline. Markup characters of cells are escaped, control characters
// become spaces; columns of numbers are aligned right, as on a terminal.
std::string render_markdown_table(const TextTable& table);

// A text as Markdown shows it: markup characters escaped.
std::string escape_markdown(std::string_view text);

}  // namespace epalm::report
