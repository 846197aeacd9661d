#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace epalm::text {

// Learns a byte-level BPE tokenizer and returns it as a tokenizer.json of exactly vocab_size tokens, in this order:
// special_tokens, the 256 byte symbols, merged tokens (each the most frequent pair of neighbours at its time, the pair
// of smallest ids among equals), added_tokens. next_document stores the next text and returns false when there is none;
// ill-formed UTF-8 counts as U+FFFD, words above 1024 bytes are left out. special_tokens must hold `</s>` and `<pad>`;
// these two and added_tokens (which strip the white space around them, as Tokenizer::add_token) are recognised in
// texts, and no merge spells any of the others. Equal texts in any order give equal results. Memory: the distinct
// words. Throws Error if vocab_size is too small for the fixed tokens or larger than what the texts yield.
std::string train_bpe(const std::function<bool(std::string&)>& next_document, int64_t vocab_size,
                      const std::vector<std::string>& special_tokens, const std::vector<std::string>& added_tokens);

}  // namespace epalm::text
