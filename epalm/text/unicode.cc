#include "epalm/text/unicode.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <array>
#include <cstdint>

namespace epalm::text {
namespace {

// Reads the character at `at` and moves past it; negative where ill-formed (then past its longest valid beginning).
UChar32 next_character(std::string_view text, size_t& at) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  UChar32 character;
  U8_NEXT(bytes, at, text.size(), character);
  return character;
}

// First position from `at` on where the bytes are ill-formed, text.size() if nowhere.
size_t find_ill_formed(std::string_view text, size_t at) {
  while (at < text.size()) {
    const size_t start = at;
    if (next_character(text, at) < 0) return start;
  }
  return at;
}

// str.isspace(): White_Space and the four separators U+001C..U+001F, which \s does not match.
bool is_python_space(UChar32 c) {
  return u_isUWhiteSpace(c) || (c >= 0x1C && c <= 0x1F);
}

enum class Kind { kLetter, kNumber, kSpace, kOther };

Kind kind_of(UChar32 c) {
  const uint32_t category = U_MASK(u_charType(c));
  if (category & U_GC_L_MASK) return Kind::kLetter;
  if (category & U_GC_N_MASK) return Kind::kNumber;
  return u_isUWhiteSpace(c) ? Kind::kSpace : Kind::kOther;
}

Kind next_kind(std::string_view text, size_t& at) {
  static const std::array<Kind, 128> ascii = [] {
    std::array<Kind, 128> kinds{};
    for (size_t c = 0; c < kinds.size(); ++c) kinds[c] = kind_of(static_cast<UChar32>(c));
    return kinds;
  }();
  const auto byte = static_cast<uint8_t>(text[at]);
  if (byte < 0x80) {
    ++at;
    return ascii[byte];
  }
  return kind_of(next_character(text, at));
}

size_t contraction_length(std::string_view text) {
  for (const std::string_view ending : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"}) {
    if (text.starts_with(ending)) return ending.size();
  }
  return 0;
}

size_t word_length(std::string_view text) {
  if (text[0] == '\'') {
    if (const size_t length = contraction_length(text)) return length;
  }
  size_t end = 0;
  Kind kind = next_kind(text, end);
  if (text[0] == ' ' && text.size() > 1) {  // one leading blank belongs to the run that follows it
    size_t after = end;
    const Kind following = next_kind(text, after);
    if (following != Kind::kSpace) {
      kind = following;
      end = after;
    }
  }
  size_t last = 0;  // where the run's last character starts
  while (end < text.size()) {
    size_t after = end;
    if (next_kind(text, after) != kind) {
      // White space before a word leaves its last character to that word.
      return kind == Kind::kSpace && last > 0 ? last : end;
    }
    last = end;
    end = after;
  }
  return end;
}

}  // namespace

std::string to_valid_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (size_t at = 0; at < bytes.size();) {
    const size_t bad = find_ill_formed(bytes, at);
    text.append(bytes, at, bad - at);
    at = bad;
    if (at < bytes.size()) {
      next_character(bytes, at);
      text += "\xEF\xBF\xBD";
    }
  }
  return text;
}

bool is_valid_utf8(std::string_view bytes) {
  return find_ill_formed(bytes, 0) == bytes.size();
}

std::string_view strip_left(std::string_view text) {
  for (size_t at = 0; !text.empty(); at = 0) {
    if (!is_python_space(next_character(text, at))) break;
    text.remove_prefix(at);
  }
  return text;
}

std::string_view strip_right(std::string_view text) {
  while (!text.empty()) {
    size_t start = text.size() - 1;
    while ((static_cast<uint8_t>(text[start]) & 0xC0) == 0x80 && start > 0) --start;  // to the character's first byte
    size_t at = start;
    if (!is_python_space(next_character(text, at))) break;
    text.remove_suffix(text.size() - start);
  }
  return text;
}

std::string_view take_word(std::string_view& rest) {
  const std::string_view word = rest.substr(0, word_length(rest));
  rest.remove_prefix(word.size());
  return word;
}

}  // namespace epalm::text
