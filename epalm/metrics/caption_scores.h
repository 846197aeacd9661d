#pragma once

#include <array>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "epalm/metrics/bleu.h"
#include "epalm/metrics/ngrams.h"

namespace epalm::metrics {

// One medium with its captions as people and the model wrote them.
struct RawCaption {
  std::string candidate;
  std::vector<std::string> references;
};

struct CaptionScores {
  std::array<double, kMaxOrder> bleu{};  // fractions
  double rouge_l = 0;                    // fraction
  double cider = 0;                      // 0..10; papers print it times 100

  // {"BLEU_1", …} … {"ROUGE_L", …}, {"CIDEr", …}
  std::vector<std::pair<std::string, double>> named() const;
};

struct CaptionReport {
  CaptionScores corpus;
  std::vector<CaptionScores> per_item;
  std::vector<BleuStatistics> bleu_statistics;  // of each item
};

// All caption metrics that need no outside program, from tokens (METRICS.md 3-5). METEOR and SPICE are not among them.
CaptionReport caption_scores(std::span<const CaptionItem> items);

// Raw captions, tokenised and rid of punctuation (METRICS.md 1-2).
std::vector<CaptionItem> tokenised(std::span<const RawCaption> items);

// The same from raw captions: tokenised and rid of punctuation first (METRICS.md 1-2). The scores depend on the order
// of the items a little, through the tokenizer's look across lines. Throws Error if there is no item or one without a
// reference.
CaptionReport caption_scores(std::span<const RawCaption> items);

}  // namespace epalm::metrics
