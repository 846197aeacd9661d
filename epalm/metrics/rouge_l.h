#pragma once

#include <span>
#include <vector>

#include "epalm/metrics/ngrams.h"

namespace epalm::metrics {

// A score per item and their mean.
struct ItemScores {
  double corpus = 0;
  std::vector<double> per_item;
};

// F-measure (beta 1.2, in [0,1]) of the longest common subsequence; the best precision and the best recall are taken
// over the references separately. Every item needs a reference. Source: Lin 2004; METRICS.md 4.
ItemScores rouge_l(std::span<const CaptionItem> items);

}  // namespace epalm::metrics
