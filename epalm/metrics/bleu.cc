#include "epalm/metrics/bleu.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <tuple>

#include "epalm/base/error.h"

namespace epalm::metrics {
namespace {

constexpr double kTiny = 1e-15;
constexpr double kSmall = 1e-9;

BleuStatistics statistics(const CaptionItem& item, NgramIds& ids, std::vector<uint32_t>& most) {
  const NgramBag candidate = ids.bag(item.candidate);
  std::vector<NgramBag> references;
  for (const Tokens& reference : item.references) references.push_back(ids.bag(reference));
  most.resize(ids.size());
  BleuStatistics stats;
  stats.length = static_cast<double>(candidate.length);
  int64_t closest = references.front().length;
  for (const NgramBag& reference : references) {
    const auto distance = [&](int64_t length) { return std::tuple(std::abs(length - candidate.length), length); };
    closest = std::min(closest, reference.length, [&](int64_t a, int64_t b) { return distance(a) < distance(b); });
    for (const NgramCount& gram : reference.counts) most[gram.id] = std::max(most[gram.id], gram.count);
  }
  stats.reference_length = static_cast<double>(closest);
  for (int n = 0; n < kMaxOrder; ++n)
    stats.guesses[n] = static_cast<double>(std::max<int64_t>(0, candidate.length - n));
  for (const NgramCount& gram : candidate.counts) stats.matches[gram.order - 1] += std::min(gram.count, most[gram.id]);
  for (const NgramBag& reference : references) {
    for (const NgramCount& gram : reference.counts) most[gram.id] = 0;
  }
  return stats;
}

}  // namespace

std::array<double, kMaxOrder> bleu_of(const BleuStatistics& stats) {
  std::array<double, kMaxOrder> out{};
  const double ratio = (stats.length + kTiny) / (stats.reference_length + kSmall);
  const double brevity = ratio < 1 ? std::exp(1 - 1 / ratio) : 1.0;
  double product = 1;
  for (int n = 0; n < kMaxOrder; ++n) {
    product *= (stats.matches[n] + kTiny) / (stats.guesses[n] + kSmall);
    out[n] = std::pow(product, 1.0 / (n + 1)) * brevity;
  }
  return out;
}

BleuScores bleu(std::span<const CaptionItem> items) {
  BleuScores result;
  BleuStatistics total;
  NgramIds ids;
  std::vector<uint32_t> most;  // by n-gram: the highest count in one reference of the current item
  for (size_t i = 0; i < items.size(); ++i) {
    require(!items[i].references.empty(), "BLEU: item {} has no reference caption", i);
    const BleuStatistics stats = statistics(items[i], ids, most);
    result.per_item.push_back(bleu_of(stats));
    result.statistics.push_back(stats);
    for (int n = 0; n < kMaxOrder; ++n) {
      total.guesses[n] += stats.guesses[n];
      total.matches[n] += stats.matches[n];
    }
    total.length += stats.length;
    total.reference_length += stats.reference_length;
  }
  if (!items.empty()) result.corpus = bleu_of(total);
  return result;
}

}  // namespace epalm::metrics
