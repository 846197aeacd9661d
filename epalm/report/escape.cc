#include "epalm/report/escape.h"

#include "epalm/report/utf8.h"

namespace epalm::report {
namespace {

constexpr std::string_view kReplacementBytes = "\xEF\xBF\xBD";

// C0 and C1 controls and DEL.
bool is_control(char32_t character) {
  return character < 0x20 || (character >= 0x7F && character < 0xA0);
}

std::string_view entity_of(char32_t character) {
  switch (character) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    default:
      return {};
  }
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  while (!text.empty()) {
    const std::string_view before = text;
    const char32_t character = take_character(text);
    const std::string_view entity = entity_of(character);
    const bool white = character == '\n' || character == '\t';
    if (!entity.empty()) {
      escaped += entity;
    } else if (character == kReplacement || (is_control(character) && !white)) {
      escaped += kReplacementBytes;
    } else {
      escaped += before.substr(0, before.size() - text.size());
    }
  }
  return escaped;
}

std::string printable(std::string_view text) {
  std::string line;
  line.reserve(text.size());
  while (!text.empty()) {
    const std::string_view before = text;
    const char32_t character = take_character(text);
    if (character == kReplacement) {
      line += kReplacementBytes;
    } else if (is_control(character)) {
      line += ' ';
    } else {
      line += before.substr(0, before.size() - text.size());
    }
  }
  return line;
}

}  // namespace epalm::report
