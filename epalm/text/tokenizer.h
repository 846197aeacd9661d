#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "epalm/text/merge_table.h"
#include "epalm/text/special_tokens.h"
#include "epalm/text/vocabulary.h"

namespace epalm::text {

struct TokenizerParts;

// The byte-level BPE tokenizer of the OPT language models (SPEC.md §5): text <-> token ids.
// `</s>` begins a text, ends it and is the unknown token; `<pad>` fills up batches. Both are recognised inside a text.
// A value type; const methods are safe from several threads.
class Tokenizer {
 public:
  // Contents of the published vocab.json (entries in any order) and merges.txt. Throws Error naming file and place.
  static Tokenizer from_vocab_and_merges(std::string_view vocab_json, std::string_view merges_txt);
  // Contents of one tokenizer.json: byte-level BPE without normalizer; its added_tokens with their lstrip and rstrip.
  // Its post-processor is not read: encode() begins with `</s>` whatever it says. Throws Error naming the place.
  static Tokenizer from_tokenizer_json(std::string_view json);

  // Makes `token` a special token, recognised in the text before anything else and there stripped of the white space on
  // both sides; a token with no id yet gets id size(). Returns its id. Special ones stay as they are.
  // Throws Error if it is empty or not valid UTF-8.
  int64_t add_token(const std::string& token);

  // Ids of the text, with bos_id() in front if wanted. Ill-formed UTF-8 counts as U+FFFD (to_valid_utf8).
  std::vector<int64_t> encode(std::string_view text, bool add_bos = true) const;

  // Text of the ids, special ones included. Tokens added to the vocabulary stand between blanks; bytes that make no
  // character become U+FFFD. clean_up joins punctuation and English contractions to the word before (" ." -> ".").
  // Throws Error for an id outside 0..size()-1, which a model with a larger softmax can produce: the published
  // evaluation then answers " ".
  std::string decode(std::span<const int64_t> ids, bool clean_up = true) const;

  int64_t size() const { return vocabulary_.size(); }
  int64_t bos_id() const { return bos_id_; }
  int64_t eos_id() const { return bos_id_; }
  int64_t unk_id() const { return bos_id_; }
  int64_t pad_id() const { return pad_id_; }

  // Tokens as the vocabulary spells them: a leading blank is 'Ġ'. token() throws Error for ids out of range.
  std::optional<int64_t> token_id(std::string_view token) const { return vocabulary_.find(token); }
  std::string token(int64_t id) const;

 private:
  explicit Tokenizer(TokenizerParts parts);
  void require_id(int64_t id) const;

  Vocabulary vocabulary_;
  int64_t base_size_;               // ids from here on were added
  std::vector<std::string> bytes_;  // of each base token
  std::array<uint32_t, 256> byte_ids_{};
  MergeTable merges_;
  SpecialTokens special_;
  int64_t bos_id_;
  int64_t pad_id_;
};

}  // namespace epalm::text
