#pragma once

#include <string>
#include <string_view>

namespace epalm::report {

// The text as content or double-quoted attribute of HTML: markup characters as entities; bytes that are not UTF-8, and
// control characters that HTML forbids, as U+FFFD.
std::string escape_html(std::string_view text);

// The text for one line of a terminal: control characters, which could move the cursor or end the line, become spaces.
std::string printable(std::string_view text);

}  // namespace epalm::report
