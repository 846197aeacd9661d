#include "epalm/metrics/vqa_accuracy.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "epalm/base/error.h"
#include "epalm/metrics/answer_text.h"

namespace epalm::metrics {
namespace {

// To two decimals from the exact binary value, ties to even: what Python's round() does.
double rounded(double value) {
  return std::strtod(fmt::format("{:.2f}", value).c_str(), nullptr);
}

struct Mean {
  double sum = 0;
  size_t count = 0;

  void add(double value) {
    sum += value;
    ++count;
  }
  double percent() const { return count == 0 ? 0.0 : rounded(100 * sum / static_cast<double>(count)); }
};

// In [0,1].
double question_accuracy(const VqaItem& item) {
  const std::string prediction = process_digit_article(process_punctuation(tidy_answer(item.prediction)));
  const bool agree = std::all_of(item.answers.begin(), item.answers.end(),
                                 [&](const std::string& answer) { return answer == item.answers.front(); });
  std::vector<bool> matches;  // where all annotators agree, their answer is compared as it is
  for (const std::string& answer : item.answers) {
    matches.push_back((agree ? answer : process_punctuation(answer)) == prediction);
  }
  const auto total = std::count(matches.begin(), matches.end(), true);
  double sum = 0;
  for (const bool own : matches) sum += std::min(1.0, static_cast<double>(total - own) / 3);
  return sum / static_cast<double>(matches.size());
}

std::map<std::string, double> percents(const std::map<std::string, Mean>& means) {
  std::map<std::string, double> out;
  for (const auto& [name, mean] : means) out[name] = mean.percent();
  return out;
}

}  // namespace

double soft_score(const AnswerScores& label, std::string_view answer) {
  for (const auto& [text, score] : label) {
    if (text == answer) return score;
  }
  return 0;
}

double normalized_score(const AnswerScores& label, std::string_view answer) {
  const std::string normal = normalize_answer(answer);
  for (auto entry = label.rbegin(); entry != label.rend(); ++entry) {
    if (normalize_answer(entry->first) == normal) return entry->second;
  }
  return 0;
}

VqaAccuracy vqa_accuracy(std::span<const VqaItem> items, TopkFilter filter) {
  Mean overall;
  std::map<std::string, Mean> question_types, answer_types;
  VqaAccuracy result;
  for (size_t i = 0; i < items.size(); ++i) {
    const VqaItem& item = items[i];
    require(!item.answers.empty(), "VQA accuracy: question {} has no annotator's answer to compare with", i);
    if (filter != TopkFilter::kAll && item.is_topk_optimal &&
        *item.is_topk_optimal != (filter == TopkFilter::kOptimal)) {
      continue;
    }
    const double accuracy = question_accuracy(item);
    overall.add(accuracy);
    question_types[item.question_type].add(accuracy);
    answer_types[item.answer_type].add(accuracy);
    result.per_question.push_back(rounded(100 * accuracy));
  }
  result.overall = overall.percent();
  result.per_question_type = percents(question_types);
  result.per_answer_type = percents(answer_types);
  return result;
}

}  // namespace epalm::metrics
