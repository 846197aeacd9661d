#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace epalm::text {

// Tokens recognised in the text before anything else; none is cut into words.
class SpecialTokens {
 public:
  struct Token {
    std::string text;  // valid UTF-8, not empty
    int64_t id;
    bool strips_left;   // white space before it vanishes
    bool strips_right;  // white space after it vanishes
  };
  // A special token (id) or ordinary text between two of them (no id), never empty.
  struct Piece {
    std::string_view text;
    std::optional<int64_t> id;
  };

  // A text that is special already stays as it is.
  void add(Token token);

  // Cuts `text` (valid UTF-8) at the leftmost, longest matches. The pieces point into `text`.
  std::vector<Piece> split(std::string_view text) const;

 private:
  const Token* match(std::string_view text) const;

  std::array<std::vector<Token>, 256> by_first_byte_;  // each list: longest first
};

}  // namespace epalm::text
