#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace epalm::metrics {

// Accepted answers with their scores, in the order of the file.
using AnswerScores = std::vector<std::pair<std::string, double>>;

// Score in [0,1] of an answer that must match a label to the letter (VQA); 0 if none does.
double soft_score(const AnswerScores& label, std::string_view answer);

// The same between normal forms (GQA, video questions); of labels with equal normal forms the last counts.
double normalized_score(const AnswerScores& label, std::string_view answer);

struct VqaItem {
  std::string prediction;
  std::vector<std::string> answers;  // of the human annotators, ten in VQAv2
  std::string question_type;
  std::string answer_type;
  std::optional<bool>
      is_topk_optimal;  // whether the answer vocabulary can express the best answer; unknown: counted in both
};

// Percentages, rounded to two decimals as they are published.
struct VqaAccuracy {
  double overall = 0;
  std::map<std::string, double> per_question_type;
  std::map<std::string, double> per_answer_type;
  std::vector<double> per_question;  // in the order of the items that were counted
};

enum class TopkFilter { kAll, kOptimal, kNotOptimal };

// The official VQA accuracy: an answer scores min(1, matches among the other annotators / 3), averaged over leaving
// each annotator out. Items that the filter leaves out count nowhere; no item at all gives 0. Throws Error for an item
// without answers. Source: SPEC.md §8.
VqaAccuracy vqa_accuracy(std::span<const VqaItem> items, TopkFilter filter = TopkFilter::kAll);

}  // namespace epalm::metrics
