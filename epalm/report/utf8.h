#pragma once

#include <string_view>

namespace epalm::report {

inline constexpr char32_t kReplacement = 0xFFFD;

// Cuts the first character off `rest`, which must not be empty. A byte that begins no well-formed UTF-8 sequence is
// taken alone and gives kReplacement.
char32_t take_character(std::string_view& rest);

// Columns of a terminal that the text takes: none for combining marks, two for East Asian wide characters and emoji.
int display_width(std::string_view text);

}  // namespace epalm::report
