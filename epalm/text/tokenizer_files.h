#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "epalm/text/merge_table.h"
#include "epalm/text/special_tokens.h"
#include "epalm/text/vocabulary.h"

namespace epalm::text {

// What the files of a byte-level BPE tokenizer say. Every id of `merges` and `special` is one of `vocabulary`, which
// holds all 256 byte symbols, `</s>` and `<pad>`.
struct TokenizerParts {
  Vocabulary vocabulary;
  int64_t base_size = 0;  // ids from here on are added tokens: decoding sets them apart by blanks
  MergeTable merges;
  std::vector<SpecialTokens::Token> special;
};

// Both throw Error that begins with the name of the file (`vocab.json`, `merges.txt`, `tokenizer.json`) and says what
// is wrong in it.
TokenizerParts parse_vocab_and_merges(std::string_view vocab_json, std::string_view merges_txt);
TokenizerParts parse_tokenizer_json(std::string_view json);

}  // namespace epalm::text
