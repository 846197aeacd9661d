#include "epalm/data/score_files.h"

#include <algorithm>
#include <unordered_map>

#include "epalm/base/error.h"
#include "epalm/data/result_files.h"
#include "epalm/metrics/caption_scores.h"

namespace epalm::data {
namespace {

using Pair = std::pair<const Reference*, const std::string*>;  // and its prediction

std::vector<Pair> paired(const ResultFile& results, const ReferenceFile& references,
                         const std::filesystem::path& predictions_file, const std::filesystem::path& references_file,
                         bool partial, int64_t& missing) {
  std::unordered_map<std::string_view, const std::string*> by_id;
  for (const auto& [id, text] : results.texts) by_id.emplace(id, &text);
  std::vector<Pair> pairs;
  std::string first_missing;
  for (const Reference& reference : references.references) {
    const auto found = by_id.find(reference.id);
    if (found != by_id.end()) {
      pairs.emplace_back(&reference, found->second);
      by_id.erase(found);
    } else if (missing++ == 0) {
      first_missing = reference.id;
    }
  }
  require(by_id.empty(), "{}: {} of its predictions have no reference in {}, as id {}; are the files of one data set?",
          predictions_file.string(), by_id.size(), references_file.string(),
          by_id.empty() ? std::string_view() : by_id.begin()->first);
  require(missing == 0 || partial,
          "{}: {} of {} references have no prediction, as id {}; add --partial to leave them out",
          predictions_file.string(), missing, references.references.size(), first_missing);
  return pairs;
}

// Mean accuracies, of all and of each answer type. scores: in [0,1].
void score_answers(const std::vector<Pair>& pairs, const std::vector<double>& scores,
                   const metrics::BootstrapOptions& options, FileScores& result) {
  std::vector<std::string> names{"accuracy"};
  for (const auto& [reference, text] : pairs) {
    const auto& type = reference->answer_type;
    if (!type.empty() && std::find(names.begin(), names.end(), type) == names.end()) names.push_back(type);
  }
  std::sort(names.begin() + 1, names.end());
  constexpr size_t kMostTypes = 32;  // more are no kinds of answers
  names.resize(std::min(names.size(), 1 + kMostTypes));
  const size_t columns = 2 * names.size();  // sum and count of each
  std::vector<double> statistics(pairs.size() * columns), total(columns);
  std::map<std::string, std::pair<double, double>> question_types;
  for (size_t i = 0; i < pairs.size(); ++i) {
    const Reference& reference = *pairs[i].first;
    for (size_t n = 0; n < names.size(); ++n) {
      if (n > 0 && names[n] != reference.answer_type) continue;
      statistics[i * columns + 2 * n] = scores[i];
      statistics[i * columns + 2 * n + 1] = 1;
      total[2 * n] += scores[i];
      total[2 * n + 1] += 1;
    }
    if (reference.question_type.empty()) continue;
    question_types[reference.question_type].first += scores[i];
    question_types[reference.question_type].second += 1;
  }
  const auto measure = [&](std::span<const double> sums) {
    std::vector<double> means;
    for (size_t n = 0; n < names.size(); ++n) means.push_back(100 * sums[2 * n] / sums[2 * n + 1]);
    return means;
  };
  const auto values = measure(total);
  const auto intervals = metrics::bootstrap(statistics, columns, measure, options);
  for (size_t n = 0; n < names.size(); ++n) {
    result.measures.push_back({names[n], values[n], intervals.empty() ? std::nullopt : std::optional(intervals[n])});
  }
  for (const auto& [type, sum] : question_types) result.per_question_type[type] = 100 * sum.first / sum.second;
}

std::vector<double> vqa_scores(const std::vector<Pair>& pairs) {
  std::vector<double> scores;
  for (const auto& [reference, text] : pairs) {
    const metrics::VqaItem item{*text, reference->answers, {}, {}, {}};
    scores.push_back(metrics::vqa_accuracy({&item, 1}).per_question.front() / 100);
  }
  return scores;
}

std::vector<double> label_scores(const std::vector<Pair>& pairs) {
  std::vector<double> scores;
  for (const auto& [reference, text] : pairs) scores.push_back(metrics::normalized_score(reference->label, *text));
  return scores;
}

void score_captions(const std::vector<Pair>& pairs, const ScoreOptions& options, FileScores& result) {
  std::vector<metrics::RawCaption> raw;
  for (const auto& [reference, text] : pairs) raw.push_back({*text, reference->captions});
  const auto items = metrics::tokenised(raw);
  const auto report = metrics::caption_scores(items);
  constexpr size_t kOrders = metrics::kMaxOrder;
  constexpr size_t kColumns = 2 * kOrders + 5;
  std::vector<double> statistics;
  statistics.reserve(items.size() * kColumns);
  for (size_t i = 0; i < items.size(); ++i) {
    const auto& bleu = report.bleu_statistics[i];
    statistics.insert(statistics.end(), bleu.guesses.begin(), bleu.guesses.end());
    statistics.insert(statistics.end(), bleu.matches.begin(), bleu.matches.end());
    statistics.insert(statistics.end(),
                      {bleu.length, bleu.reference_length, report.per_item[i].rouge_l, report.per_item[i].cider, 1.0});
  }
  const auto measure = [](std::span<const double> sums) {
    metrics::BleuStatistics bleu;
    std::copy_n(sums.begin(), kOrders, bleu.guesses.begin());
    std::copy_n(sums.begin() + kOrders, kOrders, bleu.matches.begin());
    bleu.length = sums[2 * kOrders];
    bleu.reference_length = sums[2 * kOrders + 1];
    std::vector<double> values;
    for (const double value : metrics::bleu_of(bleu)) values.push_back(100 * value);
    values.push_back(100 * sums[2 * kOrders + 2] / sums[2 * kOrders + 4]);
    values.push_back(100 * sums[2 * kOrders + 3] / sums[2 * kOrders + 4]);
    return values;
  };
  const auto intervals = metrics::bootstrap(statistics, kColumns, measure, options.bootstrap);
  const auto named = report.corpus.named();
  for (size_t i = 0; i < named.size(); ++i) {
    result.measures.push_back(
        {named[i].first, 100 * named[i].second, intervals.empty() ? std::nullopt : std::optional(intervals[i])});
  }
  Measure same = result.measures.back();  // see metrics/cider.h
  same.name = "CIDEr-D";
  result.measures.push_back(same);
  for (const auto& [name, score] : {std::pair("METEOR", metrics::meteor(items, options.java)),
                                    std::pair("SPICE", metrics::spice(items, options.java))}) {
    if (score.value) {
      result.measures.push_back({name, 100 * *score.value, std::nullopt});
    } else {
      result.not_computed.emplace_back(name, score.reason);
    }
  }
}

}  // namespace

FileScores score_files(const std::filesystem::path& predictions, const std::filesystem::path& references,
                       const ScoreOptions& options) {
  const ResultFile results = load_results(predictions);
  const ReferenceFile expected = load_references(references, options.split);
  const bool captions = expected.kind == ReferenceFile::Kind::kCaptions;
  require(results.captions == captions, "{} holds {} and {} {}; expected both to be of one kind", predictions.string(),
          results.captions ? "captions" : "answers", references.string(), captions ? "captions" : "answers");
  FileScores scores;
  const auto pairs = paired(results, expected, predictions, references, options.partial, scores.missing);
  scores.items = std::ssize(pairs);
  if (captions) {
    scores.rule = "captions";
    score_captions(pairs, options, scores);
  } else if (expected.kind == ReferenceFile::Kind::kAnswers) {
    scores.rule = "VQA accuracy";
    score_answers(pairs, vqa_scores(pairs), options.bootstrap, scores);
  } else {
    scores.rule = "accuracy by labels";
    score_answers(pairs, label_scores(pairs), options.bootstrap, scores);
  }
  return scores;
}

}  // namespace epalm::data
