#include "epalm/report/utf8.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace epalm::report {
namespace {

struct Range {
  char32_t first, last;
};

// The blocks of Unicode 15 that a report may meet; a rare script only costs a crooked column.
constexpr std::array<Range, 7> kNoWidth = {{{0x0300, 0x036F},
                                            {0x1AB0, 0x1AFF},
                                            {0x1DC0, 0x1DFF},
                                            {0x200B, 0x200F},
                                            {0x20D0, 0x20FF},
                                            {0xFE00, 0xFE0F},
                                            {0xFE20, 0xFE2F}}};
constexpr std::array<Range, 10> kWide = {{{0x1100, 0x115F},
                                          {0x2E80, 0x303E},
                                          {0x3041, 0xA4CF},
                                          {0xAC00, 0xD7A3},
                                          {0xF900, 0xFAFF},
                                          {0xFE30, 0xFE6F},
                                          {0xFF00, 0xFF60},
                                          {0xFFE0, 0xFFE6},
                                          {0x1F300, 0x1FAFF},
                                          {0x20000, 0x3FFFD}}};

template <size_t N>
bool lies_in(const std::array<Range, N>& ranges, char32_t character) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const Range& range) { return range.first <= character && character <= range.last; });
}

}  // namespace

char32_t take_character(std::string_view& rest) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(rest[i]); };
  const uint8_t lead = byte(0);
  size_t length = 1;
  char32_t character = lead, least = 0;
  if (lead >= 0x80) {
    length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    least = length == 4 ? 0x10000 : length == 3 ? 0x800 : 0x80;
    character = lead & (0x7Fu >> length);
    bool well_formed = lead >= 0xC2 && lead <= 0xF4 && rest.size() >= length;
    for (size_t i = 1; well_formed && i < length; ++i) {
      well_formed = (byte(i) & 0xC0) == 0x80;
      character = (character << 6) | (byte(i) & 0x3F);
    }
    const bool surrogate = character >= 0xD800 && character <= 0xDFFF;
    if (!well_formed || character < least || character > 0x10FFFF || surrogate) {
      rest.remove_prefix(1);
      return kReplacement;
    }
  }
  rest.remove_prefix(length);
  return character;
}

int display_width(std::string_view text) {
  int width = 0;
  while (!text.empty()) {
    const char32_t character = take_character(text);
    width += lies_in(kNoWidth, character) ? 0 : lies_in(kWide, character) ? 2 : 1;
  }
  return width;
}

}  // namespace epalm::report
