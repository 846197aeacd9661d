#include "epalm/eval/dataset_check.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>

#include "epalm/base/error.h"
#include "epalm/data/own_dataset.h"
#include "epalm/data/vqa_dataset.h"
#include "epalm/eval/samples.h"
#include "epalm/infer/media_input.h"

namespace epalm::eval {
namespace {

using std::filesystem::path;

constexpr size_t kChunk = 16;  // media decoded at a time

// `count` of them at even distances, or all.
template <typename T>
std::vector<T> evenly(const std::vector<T>& all, int64_t count) {
  if (count < 0 || count >= std::ssize(all)) return all;
  std::vector<T> chosen;
  for (int64_t i = 0; i < count; ++i) chosen.push_back(all[static_cast<size_t>(i * std::ssize(all) / count)]);
  return chosen;
}

bool has_answer(const data::Sample& sample) {
  return std::any_of(sample.label.begin(), sample.label.end(), [](const auto& entry) { return entry.second > 0; });
}

class Checker {
 public:
  Checker(const infer::RunConfig& config, const DatasetCheckOptions& options) : config_(config), options_(options) {}

  SplitCheck operator()(const std::string& role, const std::string& splits) {
    SplitCheck check;
    check.role = role;
    check.splits = splits;
    data::SampleList samples;
    try {
      samples = load_samples(config_, splits, role == "train" ? SampleUse::kTrain : SampleUse::kScore,
                             data::MediaCheck::kOff);
      if (role != "train") require_annotations(samples, splits);
    } catch (const Error& error) {
      check.problem = error.what();
    }
    check.samples = samples.size();
    check.examples = evenly(samples.samples(), options_.examples);
    if (!infer::is_caption(config_.task)) {
      check.unanswered = std::count_if(samples.samples().begin(), samples.samples().end(),
                                       [](const auto& sample) { return !has_answer(sample); });
    }
    check_media(samples, check);
    return check;
  }

 private:
  // What scoring needs beside the questions.
  void require_annotations(const data::SampleList& samples, const std::string& splits) {
    if (config_.task != infer::Task::kVqa || data::is_own_data(splits)) return;
    if (annotated_.empty()) {
      for (const auto& [id, annotation] : data::load_vqa_annotations_beside(config_.data_dir)) {
        annotated_.insert(std::to_string(id));
      }
    }
    int64_t count = 0;
    std::string first;
    for (const auto& sample : samples.samples()) {
      if (annotated_.contains(sample.question_id) || count++ > 0) continue;
      first = sample.question_id;
    }
    require(count == 0, "data_dir '{}': {} questions of {} have no entry in the annotation files, as question {}",
            config_.data_dir, count, splits, first);
  }

  void check_media(const data::SampleList& samples, SplitCheck& check) {
    std::unordered_set<std::string> seen;
    std::vector<path> there;
    for (const auto& sample : samples.samples()) {
      if (!seen.insert(sample.media.native()).second) continue;
      if (std::filesystem::is_regular_file(sample.media)) {
        there.push_back(sample.media);
      } else {
        check.missing.push_back(sample.media.string());
      }
    }
    check.media = std::ssize(seen);
    const std::vector<path> chosen = evenly(there, options_.most_opened);
    for (size_t first = 0; first < chosen.size(); first += kChunk) {
      if (options_.interrupted && options_.interrupted()) throw Interrupted("interrupted while the media were opened");
      const size_t last = std::min(first + kChunk, chosen.size());
      open({chosen.begin() + static_cast<std::ptrdiff_t>(first), chosen.begin() + static_cast<std::ptrdiff_t>(last)},
           check);
      if (options_.progress) options_.progress(check.role, static_cast<int64_t>(last), std::ssize(chosen));
    }
    check.opened = std::ssize(chosen);
  }

  // Each file once, whatever splits name it.
  void open(const std::vector<path>& files, SplitCheck& check) {
    std::vector<path> fresh;
    for (const path& file : files) {
      if (!problems_.contains(file.native())) fresh.push_back(file);
    }
    if (!fresh.empty()) {
      const auto read = infer::read_media(config_, fresh);
      for (size_t i = 0; i < fresh.size(); ++i) problems_[fresh[i].native()] = read.problems[i];
    }
    for (const path& file : files) {
      const std::string& problem = problems_.at(file.native());
      if (!problem.empty()) check.broken.emplace_back(file.string(), problem);
    }
  }

  const infer::RunConfig& config_;
  const DatasetCheckOptions& options_;
  std::unordered_set<std::string> annotated_;              // questions
  std::unordered_map<std::string, std::string> problems_;  // by file that was opened; empty: none
};

}  // namespace

std::vector<SplitCheck> check_datasets(const infer::RunConfig& config, const DatasetCheckOptions& options) {
  Checker check(config, options);
  std::vector<SplitCheck> checks;
  for (const auto& [role, splits] : {std::pair("train", config.train_split), std::pair("val", config.val_split),
                                     std::pair("test", config.test_split)}) {
    checks.push_back(check(role, splits));
  }
  return checks;
}

}  // namespace epalm::eval
