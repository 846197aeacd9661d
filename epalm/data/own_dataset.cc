#include "epalm/data/own_dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "epalm/base/error.h"
#include "epalm/data/record.h"
#include "epalm/data/vqa_dataset.h"

namespace epalm::data {
namespace {

constexpr std::string_view kExtension = ".jsonl";

// One text or a list of them, at least one and none empty.
std::vector<std::string> said(const Record& record, const char* field) {
  std::vector<std::string> all = record.texts(field);
  for (std::string& text : all) {
    text = stripped(text);
    if (text.empty()) record.problem(field, "expected words, got an empty text");
  }
  if (all.empty() && record.has_empty_list(field)) record.problem(field, "expected at least one text, got none");
  return all;
}

void read_file(const std::filesystem::path& file, OwnKind kind, MediaFinder& finder, std::vector<Sample>& samples) {
  AnnotationReport report(file, AnnotationReport::Unit::kLine);
  std::unordered_set<std::string> ids;
  for_each_line(file, report, [&](int64_t index, const JsonValue& json) {
    const Record record(json, index, report);
    if (!json.is_object()) return;  // already reported
    Sample& sample = samples.emplace_back();
    sample.question_id = record.has("id") ? record.id("id") : fmt::format("{}:{}", file.stem().string(), index + 1);
    if (!ids.insert(sample.question_id).second) {
      record.problem("id", fmt::format("\"{}\" occurs twice", sample.question_id));
    }
    if (kind == OwnKind::kCaptions) {
      sample.targets = said(record, "captions");
    } else {
      sample.question = record.words("question");
      sample.answers = said(record, "answers");
      sample.label = answer_shares(sample.answers);
      sample.answer_type = record.optional_text("answer_type");
      sample.question_type = record.optional_text("question_type");
    }
    const std::string media = record.words("media");
    if (media.empty()) return;  // already reported
    if (media.find('\0') != media.npos) return record.problem("media", "expected a path, got one with a zero byte");
    sample.media = file.parent_path() / media;
    sample.media_id = std::filesystem::path(media).replace_extension();
    if (!finder.accepts(sample.media)) {
      record.problem("media", fmt::format("there is no file {}", sample.media.string()));
    }
  });
  report.fail_if_any();
}

}  // namespace

bool is_own_data(const std::string& splits) {
  const auto parts = comma_parts(splits);
  const auto own =
      std::count_if(parts.begin(), parts.end(), [](const std::string& part) { return part.ends_with(kExtension); });
  require(own == 0 || own == std::ssize(parts), "split \"{}\": expected either names of splits or {} files, got both",
          splits, kExtension);
  return own > 0;
}

SampleList load_own_data(const std::filesystem::path& data_dir, OwnKind kind, const std::string& splits,
                         MediaCheck check) {
  std::vector<Sample> samples;
  MediaFinder finder(check);
  for (const std::string& name : comma_parts(splits)) read_file(data_dir / name, kind, finder, samples);
  return SampleList(std::move(samples));
}

metrics::AnswerScores answer_shares(const std::vector<std::string>& answers) {
  metrics::AnswerScores scores;
  for (const std::string& answer : answers) {
    const auto known =
        std::find_if(scores.begin(), scores.end(), [&](const auto& entry) { return entry.first == answer; });
    if (known == scores.end()) {
      scores.emplace_back(answer, 1);
    } else {
      known->second += 1;
    }
  }
  for (auto& [answer, score] : scores) score = std::min(1.0, 10 * score / (3 * static_cast<double>(answers.size())));
  return scores;
}

}  // namespace epalm::data
