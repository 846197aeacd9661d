#include "epalm/metrics/cider.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "epalm/base/error.h"

namespace epalm::metrics {
namespace {

constexpr double kSigma = 6;
constexpr double kScale = 10;

struct Vector {
  std::vector<double> weights;  // one for each count of the bag
  std::array<double, kMaxOrder> norms{};
};

Vector weigh(const NgramBag& bag, const std::vector<double>& idf) {
  Vector vector;
  vector.weights.reserve(bag.counts.size());
  for (const NgramCount& gram : bag.counts) {
    const double weight = gram.count * idf[gram.id];
    vector.weights.push_back(weight);
    vector.norms[gram.order - 1] += weight * weight;
  }
  for (double& norm : vector.norms) norm = std::sqrt(norm);
  return vector;
}

// Mean over the orders.
double similarity(const NgramBag& candidate, const Vector& a, const NgramBag& reference, const Vector& b) {
  std::array<double, kMaxOrder> products{};
  for (size_t i = 0, j = 0; i < candidate.counts.size() && j < reference.counts.size();) {
    const NgramCount& left = candidate.counts[i];
    const NgramCount& right = reference.counts[j];
    if (left.id == right.id) products[left.order - 1] += std::min(a.weights[i], b.weights[j]) * b.weights[j];
    i += left.id <= right.id;
    j += right.id <= left.id;
  }
  double sum = 0;
  for (int n = 0; n < kMaxOrder; ++n) {
    sum += a.norms[n] != 0 && b.norms[n] != 0 ? products[n] / (a.norms[n] * b.norms[n]) : products[n];
  }
  // The evaluators measure length in bigrams.
  const auto bigrams = [](const NgramBag& bag) { return static_cast<double>(std::max<int64_t>(0, bag.length - 1)); };
  const double difference = bigrams(candidate) - bigrams(reference);
  return sum / kMaxOrder * std::exp(-difference * difference / (2 * kSigma * kSigma));
}

}  // namespace

ItemScores cider(std::span<const CaptionItem> items) {
  NgramIds ids;
  std::vector<NgramBag> candidates;
  std::vector<std::vector<NgramBag>> references(items.size());
  for (size_t i = 0; i < items.size(); ++i) {
    require(!items[i].references.empty(), "CIDEr: item {} has no reference caption", i);
    candidates.push_back(ids.bag(items[i].candidate));
    for (const Tokens& reference : items[i].references) references[i].push_back(ids.bag(reference));
  }
  // Document frequency: items with the n-gram in any reference.
  std::vector<double> idf(ids.size(), 0);
  std::vector<size_t> last_item(ids.size(), items.size());
  for (size_t i = 0; i < items.size(); ++i) {
    for (const NgramBag& reference : references[i]) {
      for (const NgramCount& gram : reference.counts) {
        if (last_item[gram.id] != i) idf[gram.id] += 1;
        last_item[gram.id] = i;
      }
    }
  }
  const double log_items = std::log(static_cast<double>(items.size()));
  for (double& value : idf) value = log_items - std::log(std::max(1.0, value));

  ItemScores result;
  for (size_t i = 0; i < items.size(); ++i) {
    const Vector candidate = weigh(candidates[i], idf);
    double sum = 0;
    for (const NgramBag& reference : references[i]) {
      sum += similarity(candidates[i], candidate, reference, weigh(reference, idf));
    }
    result.per_item.push_back(kScale * sum / static_cast<double>(references[i].size()));
  }
  if (!items.empty()) {
    result.corpus =
        std::accumulate(result.per_item.begin(), result.per_item.end(), 0.0) / static_cast<double>(items.size());
  }
  return result;
}

}  // namespace epalm::metrics
