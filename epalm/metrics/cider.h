#pragma once

#include <span>

#include "epalm/metrics/ngrams.h"
#include "epalm/metrics/rouge_l.h"

namespace epalm::metrics {

// What the caption evaluators print as CIDEr: tf-idf similarity of 1- to 4-grams, clipped and with a Gaussian penalty
// on the difference of lengths (sigma 6), that is CIDEr-D with document frequencies from the items themselves. In
// [0,10]; papers print it times 100 (as 0.641 -> 64.1). A single item scores 0: its idf is log 1. Every item needs a
// reference. Source: Vedantam et al. 2015; METRICS.md 5.
ItemScores cider(std::span<const CaptionItem> items);

}  // namespace epalm::metrics
