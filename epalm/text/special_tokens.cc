#include "epalm/text/special_tokens.h"

#include <algorithm>
#include <utility>

#include "epalm/text/unicode.h"

namespace epalm::text {

void SpecialTokens::add(Token token) {
  auto& list = by_first_byte_[static_cast<uint8_t>(token.text[0])];
  const auto comes_later = [&](const Token& other) { return other.text.size() <= token.text.size(); };
  const auto same = [&](const Token& other) { return other.text == token.text; };
  if (std::any_of(list.begin(), list.end(), same)) return;
  list.insert(std::find_if(list.begin(), list.end(), comes_later), std::move(token));
}

const SpecialTokens::Token* SpecialTokens::match(std::string_view text) const {
  for (const Token& token : by_first_byte_[static_cast<uint8_t>(text[0])]) {
    if (text.starts_with(token.text)) return &token;
  }
  return nullptr;
}

std::vector<SpecialTokens::Piece> SpecialTokens::split(std::string_view text) const {
  std::vector<Piece> pieces;
  bool strip_next = false;
  const auto add_text = [&](std::string_view between, bool strip_end) {
    if (strip_next) between = strip_left(between);
    if (strip_end) between = strip_right(between);
    if (!between.empty()) pieces.push_back({between, std::nullopt});
  };
  size_t start = 0;
  for (size_t at = 0; at < text.size();) {
    const Token* token = match(text.substr(at));
    if (token == nullptr) {
      ++at;
      continue;
    }
    add_text(text.substr(start, at - start), token->strips_left);
    pieces.push_back({text.substr(at, token->text.size()), token->id});
    strip_next = token->strips_right;
    at += token->text.size();
    start = at;
  }
  add_text(text.substr(start), false);
  return pieces;
}

}  // namespace epalm::text
