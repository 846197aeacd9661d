#include "epalm/text/tokenizer.h"

#include <fmt/ranges.h>

#include <utility>

#include "epalm/base/error.h"
#include "epalm/text/byte_alphabet.h"
#include "epalm/text/tokenizer_files.h"
#include "epalm/text/unicode.h"

namespace epalm::text {
namespace {

std::string replace_all(const std::string& text, std::string_view from, std::string_view to) {
  std::string result;
  size_t start = 0;
  for (size_t at; (at = text.find(from, start)) != text.npos; start = at + from.size()) {
    result.append(text, start, at - start).append(to);
  }
  return result.append(text, start);
}

// One replacement after the other: the order matters. Source: SPEC.md §5.
std::string cleaned_up(std::string text) {
  for (const auto& [from, to] : std::initializer_list<std::pair<const char*, const char*>>{{" .", "."},
                                                                                           {" ?", "?"},
                                                                                           {" !", "!"},
                                                                                           {" ,", ","},
                                                                                           {" ' ", "'"},
                                                                                           {" n't", "n't"},
                                                                                           {" 'm", "'m"},
                                                                                           {" 's", "'s"},
                                                                                           {" 've", "'ve"},
                                                                                           {" 're", "'re"}}) {
    text = replace_all(text, from, to);
  }
  return text;
}

}  // namespace

Tokenizer Tokenizer::from_vocab_and_merges(std::string_view vocab_json, std::string_view merges_txt) {
  return Tokenizer(parse_vocab_and_merges(vocab_json, merges_txt));
}

Tokenizer Tokenizer::from_tokenizer_json(std::string_view json) {
  return Tokenizer(parse_tokenizer_json(json));
}

Tokenizer::Tokenizer(TokenizerParts parts)
    : vocabulary_(std::move(parts.vocabulary)), base_size_(parts.base_size), merges_(std::move(parts.merges)) {
  for (auto& token : parts.special) special_.add(std::move(token));
  bytes_.reserve(static_cast<size_t>(base_size_));
  for (int64_t id = 0; id < base_size_; ++id) bytes_.push_back(spelled_bytes(vocabulary_.token(id)));
  for (size_t byte = 0; byte < 256; ++byte) {
    byte_ids_[byte] = static_cast<uint32_t>(vocabulary_.find(byte_alphabet()[byte]).value());
  }
  bos_id_ = vocabulary_.find("</s>").value();
  pad_id_ = vocabulary_.find("<pad>").value();
}

int64_t Tokenizer::add_token(const std::string& token) {
  require(!token.empty() && is_valid_utf8(token), "a token to add must be UTF-8 text and not empty, got {} bytes",
          token.size());
  const int64_t id = vocabulary_.add(token);
  special_.add({token, id, true, true});
  return id;
}

std::vector<int64_t> Tokenizer::encode(std::string_view text, bool add_bos) const {
  std::string repaired;
  if (!is_valid_utf8(text)) text = repaired = to_valid_utf8(text);
  std::vector<int64_t> ids;
  ids.reserve(text.size() / 4 + 2);
  if (add_bos) ids.push_back(bos_id_);
  MergeTable::Workspace workspace;
  std::vector<uint32_t> symbols;
  for (const auto& piece : special_.split(text)) {
    if (piece.id) {
      ids.push_back(*piece.id);
      continue;
    }
    for (std::string_view rest = piece.text; !rest.empty();) {
      symbols.clear();
      for (const char byte : take_word(rest)) symbols.push_back(byte_ids_[static_cast<uint8_t>(byte)]);
      merges_.apply(symbols, workspace);
      ids.insert(ids.end(), symbols.begin(), symbols.end());
    }
  }
  return ids;
}

std::string Tokenizer::decode(std::span<const int64_t> ids, bool clean_up) const {
  std::vector<std::string> pieces;
  std::string bytes;  // of the base tokens since the last added one: a character may span several
  bool open = false;
  const auto close = [&] {
    if (open) pieces.push_back(to_valid_utf8(bytes));
    bytes.clear();
    open = false;
  };
  for (const int64_t id : ids) {
    require_id(id);
    if (id < base_size_) {
      bytes += bytes_[static_cast<size_t>(id)];
      open = true;
    } else {
      close();
      pieces.push_back(vocabulary_.token(id));
    }
  }
  close();
  std::string text = fmt::format("{}", fmt::join(pieces, " "));
  return clean_up ? cleaned_up(std::move(text)) : text;
}

std::string Tokenizer::token(int64_t id) const {
  require_id(id);
  return vocabulary_.token(id);
}

void Tokenizer::require_id(int64_t id) const {
  require(id >= 0 && id < size(), "token id {} has no token: expected 0 to {}", id, size() - 1);
}

}  // namespace epalm::text
