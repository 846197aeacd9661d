#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "epalm/metrics/ngrams.h"

namespace epalm::metrics {

// Penn-Treebank tokens as the caption evaluators of COCO make them (METRICS.md): contractions split, brackets and
// quotes spelled out, abbreviations kept whole, everything lower case. Not thread-safe: one per thread.
class PtbTokenizer {
 public:
  PtbTokenizer();
  ~PtbTokenizer();
  PtbTokenizer(PtbTokenizer&&) noexcept;

  // One list of tokens per line. The lines are one text: whether `inc.` gets a second token `.` depends on how the next
  // line begins, as in the published evaluators. A line break inside a line counts as a space; bytes that are not UTF-8
  // become U+FFFD, which no token keeps. Throws Error for a line of more than kMaxLineUnits UTF-16 units.
  std::vector<Tokens> tokenize(std::span<const std::string> lines);

  // Scanning takes time quadratic in the length of a run without spaces; this bounds it to seconds.
  static constexpr size_t kMaxLineUnits = 1 << 14;

 private:
  struct Scanner;
  std::unique_ptr<Scanner> scanner_;
};

// Whether the evaluators drop the token: quotes, dashes and sentence punctuation.
bool is_dropped_punctuation(std::string_view token);

// tokenize, without the dropped punctuation.
std::vector<Tokens> caption_tokens(PtbTokenizer& tokenizer, std::span<const std::string> captions);

}  // namespace epalm::metrics
