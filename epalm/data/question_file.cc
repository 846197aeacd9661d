#include "epalm/data/question_file.h"

#include <fmt/format.h>

#include <unordered_set>

#include "epalm/data/record.h"

namespace epalm::data {

void read_questions(const std::filesystem::path& file, const char* medium_field, MediaFinder& finder,
                    const std::function<std::filesystem::path(const std::string& name)>& locate,
                    std::vector<Sample>& samples) {
  AnnotationReport report(file);
  std::unordered_set<std::string> ids;
  for_each_record(file, "", report, [&](int64_t index, const JsonValue& json) {
    const Record record(json, index, report);
    Sample& sample = samples.emplace_back();
    sample.media_id = record.file_name(medium_field);
    sample.question = record.text({"sent", "question"});
    sample.question_id = record.id("question_id");
    if (!sample.question_id.empty() && !ids.insert(sample.question_id).second) {
      record.problem("question_id", fmt::format("question {} occurs twice", sample.question_id));
    }
    sample.label = record.label("label");
    sample.answer_type = record.optional_text("answer_type");
    sample.question_type = record.optional_text("question_type");
    sample.is_topk_optimal = record.optional_flag("is_topk_optimal");
    if (sample.media_id.empty() || !stays_below(sample.media_id)) return;  // already reported
    sample.media = locate(sample.media_id);
    if (sample.media.empty()) {
      record.problem(medium_field, fmt::format("\"{}\" names no known folder", sample.media_id));
    } else if (!finder.accepts(sample.media)) {
      record.problem(medium_field, fmt::format("there is no file {}", sample.media.string()));
    }
  });
  report.fail_if_any();
}

}  // namespace epalm::data
