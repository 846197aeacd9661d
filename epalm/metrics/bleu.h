#pragma once

#include <array>
#include <span>
#include <vector>

#include "epalm/metrics/ngrams.h"

namespace epalm::metrics {

// What BLEU must know of one caption or, summed, of many.
struct BleuStatistics {
  std::array<double, kMaxOrder> guesses{};  // n-grams of the candidate
  std::array<double, kMaxOrder> matches{};  // of them, clipped, in a reference
  double length = 0;
  double reference_length = 0;
};

// Fractions in [0,1]; index 0 is BLEU-1.
std::array<double, kMaxOrder> bleu_of(const BleuStatistics& stats);

// Fractions in [0,1]; index 0 is BLEU-1, index 3 BLEU-4.
struct BleuScores {
  std::array<double, kMaxOrder> corpus{};
  std::vector<std::array<double, kMaxOrder>> per_item;
  std::vector<BleuStatistics> statistics;  // of each item
};

// BLEU with counts clipped by the references' maximum, the closest reference length (the shorter of two equally close)
// and the evaluators' tiny smoothing. Every item needs a reference. Source: Papineni et al. 2002; METRICS.md 3.
BleuScores bleu(std::span<const CaptionItem> items);

}  // namespace epalm::metrics
