#pragma once

#include <string>
#include <string_view>

namespace epalm::text {

// The text with every ill-formed UTF-8 sequence (its longest valid beginning, else one byte) replaced by U+FFFD, as
// Python's decode(errors="replace") does.
std::string to_valid_utf8(std::string_view bytes);
bool is_valid_utf8(std::string_view bytes);

// Without the leading (trailing) white space of Python's str.strip(). text: valid UTF-8.
std::string_view strip_left(std::string_view text);
std::string_view strip_right(std::string_view text);

// Cuts the first word off `rest`, which must be valid and not empty: the first match of GPT-2's pattern
//   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
// with \s = White_Space and the categories of the installed ICU's Unicode version. Every text is the concatenation of
// its words. Source: SPEC.md §5.3.
std::string_view take_word(std::string_view& rest);

}  // namespace epalm::text
