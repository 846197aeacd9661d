#include "epalm/eval/evaluate.h"

#include <charconv>
#include <optional>

#include "epalm/base/error.h"
#include "epalm/data/vqa_dataset.h"
#include "epalm/eval/bad_samples.h"
#include "epalm/eval/batches.h"
#include "epalm/eval/samples.h"
#include "epalm/infer/answer.h"
#include "epalm/metrics/caption_scores.h"
#include "epalm/metrics/vqa_accuracy.h"

namespace epalm::eval {
namespace {

int64_t id_number(const data::Sample& sample) {
  int64_t number = -1;
  const auto& text = sample.question_id;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// The annotators' answers beside the questions, where the data set has them.
std::map<std::string, double> score_vqa(const infer::RunConfig& config, const data::SampleList& samples,
                                        std::vector<Prediction>& predictions) {
  const auto annotations = data::load_vqa_annotations_beside(config.data_dir);
  std::vector<metrics::VqaItem> items;
  for (size_t i = 0; i < predictions.size(); ++i) {
    const auto& sample = samples.samples()[i];
    const auto found = annotations.find(id_number(sample));
    require(found != annotations.end(), "data_dir '{}': question {} has no entry in the annotation files",
            config.data_dir, sample.question_id);
    predictions[i].expected = found->second.answers;
    items.push_back({predictions[i].prediction, found->second.answers, found->second.question_type,
                     found->second.answer_type, sample.is_topk_optimal});
  }
  const auto accuracy = metrics::vqa_accuracy(items);
  for (size_t i = 0; i < predictions.size(); ++i) predictions[i].score = accuracy.per_question.at(i) / 100;
  std::map<std::string, double> result{{"accuracy", accuracy.overall}};
  for (const auto& [type, value] : accuracy.per_answer_type) result[type] = value;
  return result;
}

// By the scores that stand beside the questions. by_type: also the mean for each answer type that these name.
std::map<std::string, double> score_labels(const data::SampleList& samples, bool by_type,
                                           std::vector<Prediction>& predictions) {
  std::map<std::string, std::pair<double, int64_t>> sums;  // metric -> sum, count
  for (size_t i = 0; i < predictions.size(); ++i) {
    const auto& sample = samples.samples()[i];
    predictions[i].expected = sample.answers;
    if (sample.answers.empty()) {
      for (const auto& [answer, score] : sample.label) predictions[i].expected.push_back(answer);
    }
    predictions[i].score = metrics::normalized_score(sample.label, predictions[i].prediction);
    for (const std::string& name : {std::string("accuracy"), by_type ? sample.answer_type : ""}) {
      if (name.empty()) continue;
      sums[name].first += predictions[i].score;
      ++sums[name].second;
    }
  }
  std::map<std::string, double> result;
  for (const auto& [name, sum] : sums) result[name] = 100 * sum.first / static_cast<double>(sum.second);
  return result;
}

std::map<std::string, double> score_captions(const data::SampleList& samples, std::vector<Prediction>& predictions) {
  std::vector<metrics::RawCaption> items;
  for (size_t i = 0; i < predictions.size(); ++i) {
    predictions[i].expected = samples.samples()[i].targets;
    items.push_back({predictions[i].prediction, predictions[i].expected});
  }
  const auto report = metrics::caption_scores(items);
  for (size_t i = 0; i < predictions.size(); ++i) predictions[i].score = report.per_item[i].cider;
  std::map<std::string, double> result;
  for (const auto& [name, value] : report.corpus.named()) result[name] = 100 * value;
  return result;
}

std::map<std::string, double> score(const infer::RunConfig& config, const data::SampleList& samples,
                                    std::vector<Prediction>& predictions) {
  if (infer::is_caption(config.task)) return score_captions(samples, predictions);
  const bool own = samples.size() > 0 && !samples.samples().front().answers.empty();
  if (config.task == infer::Task::kVqa && !own) return score_vqa(config, samples, predictions);
  const bool by_type = own || (config.task != infer::Task::kGqa && config.semantics == "causal");
  return score_labels(samples, by_type, predictions);
}

// Answers or captions of the training set with how often they were given, by question type ("" for captions).
using Frequencies = std::map<std::string, std::map<std::string, double>>;

Frequencies frequencies(const infer::RunConfig& config, const data::SampleList& train) {
  Frequencies totals;
  for (const auto& sample : train.samples()) {
    if (infer::is_caption(config.task)) ++totals[""][sample.answer];
    for (const auto& [answer, value] : sample.label) totals[sample.question_type][answer] += value;
  }
  return totals;
}

}  // namespace

EvalResult evaluate(const infer::Bundle& bundle, const data::SampleList& samples, const EvalOptions& options) {
  const int64_t batch_size = bundle.config.batch_size_test;
  const bool tolerated =
      bundle.config.on_bad_sample.empty() ? options.tolerate_bad : bundle.config.on_bad_sample == "replace";
  BadSamples bad(samples, tolerated, "its answer counts as wrong");
  std::optional<FeatureCache> own;
  if (options.cache == nullptr) own.emplace(bundle.config, bundle.model.encoder());
  FeatureCache& cache = options.cache == nullptr ? *own : *options.cache;
  EvalResult result;
  for (int64_t first = 0; first < samples.size(); first += batch_size) {
    if (options.interrupted && options.interrupted()) throw Interrupted("interrupted during evaluation");
    const auto count = static_cast<size_t>(std::min(batch_size, samples.size() - first));
    const std::span<const data::Sample> batch(samples.samples().data() + first, count);
    std::vector<std::string> questions;
    for (const auto& sample : batch) questions.push_back(sample.question);
    const SampleFeatures seen = sample_features(bundle, cache, batch, options.blank);
    for (size_t i = 0; i < count; ++i) {
      if (!seen.problems[i].empty()) bad.add(first + static_cast<int64_t>(i), seen.problems[i]);
    }
    const auto answers = infer::answers(bundle, seen.features, questions);
    for (size_t i = 0; i < count; ++i) {
      result.predictions.push_back({batch[i].media.string(),
                                    batch[i].question_id,
                                    batch[i].question,
                                    seen.problems[i].empty() ? answers[i] : "",
                                    {},
                                    0});
    }
    if (options.progress) options.progress(first + static_cast<int64_t>(count), samples.size());
  }
  result.metrics = score(bundle.config, samples, result.predictions);
  result.bad_samples = bad.count();
  return result;
}

EvalResult evaluate(const infer::Bundle& bundle, const std::string& splits, const EvalOptions& options) {
  return evaluate(bundle, load_samples(bundle.config, splits), options);
}

double main_metric(const EvalResult& result) {
  const auto accuracy = result.metrics.find("accuracy");
  return accuracy != result.metrics.end() ? accuracy->second : result.metrics.at("CIDEr");
}

std::map<std::string, double> most_frequent_baseline(const infer::RunConfig& config, const data::SampleList& train,
                                                     const data::SampleList& test) {
  Frequencies totals = frequencies(config, train);
  std::vector<Prediction> predictions;
  for (const auto& sample : test.samples()) {
    Prediction prediction{sample.media.string(), sample.question_id, sample.question, "", {}, 0};
    double best = -1;
    for (const auto& [answer, value] : totals[sample.question_type]) {
      if (value > best) {
        best = value;
        prediction.prediction = answer;
      }
    }
    predictions.push_back(std::move(prediction));
  }
  return score(config, test, predictions);
}

}  // namespace epalm::eval
