#include "epalm/data/vqa_dataset.h"

#include <fmt/format.h>

#include <algorithm>

#include "epalm/base/error.h"
#include "epalm/data/question_file.h"
#include "epalm/data/record.h"

namespace epalm::data {
namespace {

std::filesystem::path coco_image(const std::filesystem::path& data_dir, const std::string& img_id) {
  for (const char* folder : {"train2014", "val2014", "test2014"}) {
    if (img_id.find(folder) != img_id.npos) return data_dir / "COCO/images" / folder / (img_id + ".jpg");
  }
  return {};
}

}  // namespace

std::vector<std::string> comma_parts(const std::string& comma_list) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= comma_list.size();) {
    const size_t end = std::min(comma_list.find(',', begin), comma_list.size());
    parts.push_back(stripped(comma_list.substr(begin, end - begin)));
    require(!parts.back().empty(), "split \"{}\": expected names separated by commas, as karpathy_train,karpathy_val",
            comma_list);
    begin = end + 1;
  }
  return parts;
}

std::vector<std::string> split_names(const std::string& comma_list) {
  auto names = comma_parts(comma_list);
  for (const std::string& name : names) {
    require(stays_below(name), "split \"{}\": expected a name, got a path that leads out of the data folder", name);
  }
  return names;
}

SampleList load_vqa(const std::filesystem::path& data_dir, const std::string& splits, MediaCheck check) {
  std::vector<Sample> samples;
  MediaFinder finder(check);
  for (const std::string& split : split_names(splits)) {
    read_questions(
        data_dir / "vqa" / (split + ".json"), "img_id", finder,
        [&](const std::string& img_id) { return coco_image(data_dir, img_id); }, samples);
  }
  return SampleList(std::move(samples));
}

VqaAnnotations load_vqa_annotations(const std::filesystem::path& file) {
  VqaAnnotations annotations;
  AnnotationReport report(file);
  for_each_record(file, "annotations", report, [&](int64_t index, const JsonValue& json) {
    const Record record(json, index, report);
    VqaAnnotation annotation;
    annotation.question_type = record.text("question_type");
    annotation.answer_type = record.text("answer_type");
    record.each("answers", [&](const Record& answer) { annotation.answers.push_back(answer.text("answer")); });
    if (annotation.answers.empty() && report.empty())
      record.problem("answers", "expected the annotators' answers, got none");
    const auto id = record.number("question_id");
    if (id && !annotations.try_emplace(*id, std::move(annotation)).second) {
      record.problem("question_id", fmt::format("question {} occurs twice", *id));
    }
  });
  report.fail_if_any();
  return annotations;
}

VqaAnnotations load_vqa_annotations_beside(const std::filesystem::path& data_dir) {
  VqaAnnotations all = load_vqa_annotations(data_dir / "vqa/v2_mscoco_train2014_annotations.json");
  all.merge(load_vqa_annotations(data_dir / "vqa/v2_mscoco_val2014_annotations.json"));
  return all;
}

std::vector<std::string> load_answer_vocabulary(const std::filesystem::path& file) {
  std::vector<std::string> answers;
  AnnotationReport report(file);
  for_each_record(file, "", report, [&](int64_t index, const JsonValue& json) {
    if (!json.is_text()) report.add(index, "(record)", fmt::format("expected a text, got {}", json.type_name()));
    answers.push_back(json.is_text() ? json.text() : "");
  });
  report.fail_if_any();
  return answers;
}

}  // namespace epalm::data
