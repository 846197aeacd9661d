#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "epalm/data/dataset.h"
#include "epalm/eval/feature_cache.h"
#include "epalm/infer/bundle.h"

namespace epalm::eval {

struct EvalOptions {
  bool blank = false;             // show zeros instead of every medium: what the text alone is worth
  bool tolerate_bad = false;      // as on_bad_sample: replace, where the config does not say
  FeatureCache* cache = nullptr;  // of this bundle; null: opened as the config says
  std::function<void(int64_t done, int64_t total)> progress = {};  // samples
  std::function<bool()> interrupted = {};                          // true: stop with Interrupted
};

struct Prediction {
  std::string media, question_id, question, prediction;
  std::vector<std::string> expected;  // answers of the annotators, or captions
  double score = 0;                   // questions: accuracy of this one, 0..1; captions: its CIDEr, 0..10
};

struct EvalResult {
  // Percent. VQA, own data, and questions about videos and sounds under causal semantics: accuracy, and one entry for
  // each answer type; other questions: accuracy; captions: BLEU_1…4, ROUGE_L, CIDEr.
  std::map<std::string, double> metrics;
  std::vector<Prediction> predictions;  // in the order of the data set
  int64_t bad_samples = 0;              // whose media could not be read; their prediction is "", which is wrong
};

// Answers every sample in batches of config.batch_size_test, in order (their composition matters under reference
// semantics, SPEC.md §3.4), and scores the answers.
EvalResult evaluate(const infer::Bundle& bundle, const data::SampleList& samples, const EvalOptions& options = {});

// The same for splits of config.data_dir.
EvalResult evaluate(const infer::Bundle& bundle, const std::string& splits, const EvalOptions& options = {});

// The metric that chooses the best checkpoint: accuracy, or CIDEr.
double main_metric(const EvalResult& result);

// What always giving the most frequent training answer of the question's type scores, or the most frequent training
// caption; scored as evaluate() does.
std::map<std::string, double> most_frequent_baseline(const infer::RunConfig& config, const data::SampleList& train,
                                                     const data::SampleList& test);

}  // namespace epalm::eval
