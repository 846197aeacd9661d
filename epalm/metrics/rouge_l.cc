#include "epalm/metrics/rouge_l.h"

#include <algorithm>
#include <numeric>

#include "epalm/base/error.h"

namespace epalm::metrics {
namespace {

constexpr double kBeta = 1.2;

size_t common_subsequence(const Tokens& a, const Tokens& b) {
  std::vector<size_t> row(b.size() + 1);
  for (const std::string& word : a) {
    size_t diagonal = 0;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t above = row[j + 1];
      row[j + 1] = word == b[j] ? diagonal + 1 : std::max(above, row[j]);
      diagonal = above;
    }
  }
  return row.back();
}

// The evaluators split the empty caption into one empty word.
const Tokens& at_least_one_word(const Tokens& tokens) {
  static const Tokens kEmptyWord{""};
  return tokens.empty() ? kEmptyWord : tokens;
}

double item_score(const CaptionItem& item) {
  const Tokens& candidate = at_least_one_word(item.candidate);
  double precision = 0, recall = 0;
  for (const Tokens& tokens : item.references) {
    const Tokens& reference = at_least_one_word(tokens);
    const auto common = static_cast<double>(common_subsequence(candidate, reference));
    precision = std::max(precision, common / static_cast<double>(candidate.size()));
    recall = std::max(recall, common / static_cast<double>(reference.size()));
  }
  if (precision == 0 || recall == 0) return 0;
  return (1 + kBeta * kBeta) * precision * recall / (recall + kBeta * kBeta * precision);
}

}  // namespace

ItemScores rouge_l(std::span<const CaptionItem> items) {
  ItemScores result;
  for (size_t i = 0; i < items.size(); ++i) {
    require(!items[i].references.empty(), "ROUGE-L: item {} has no reference caption", i);
    result.per_item.push_back(item_score(items[i]));
  }
  if (!items.empty()) {
    result.corpus =
        std::accumulate(result.per_item.begin(), result.per_item.end(), 0.0) / static_cast<double>(items.size());
  }
  return result;
}

}  // namespace epalm::metrics
