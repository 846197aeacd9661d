#include "epalm/data/result_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "epalm/base/error.h"
#include "epalm/data/own_dataset.h"
#include "epalm/data/record.h"

namespace epalm::data {
namespace {

using std::filesystem::path;
using Kind = ReferenceFile::Kind;

std::string normal_id(const std::string& id) {
  if (id.empty() || id.find_first_not_of("0123456789") != id.npos) return id;
  return id.substr(std::min(id.find_first_not_of('0'), id.size() - 1));
}

// As write_predictions names media: a picture of COCO by the number at its end, a clip by its name.
std::string picture_id(const std::string& file) {
  const std::string stem = path(file).stem().string();
  return normal_id(stem.substr(stem.find_last_of('_') + 1));
}

// References by id; captions of one id may stand in several records.
class Collector {
 public:
  explicit Collector(Kind kind) { file_.kind = kind; }

  // nullptr where the id is empty, which was reported, or was there before and may not be.
  Reference* at(const Record& record, const char* field, const std::string& id) {
    if (id.empty()) return nullptr;
    const auto [entry, is_new] = places_.try_emplace(id, file_.references.size());
    if (is_new) {
      file_.references.emplace_back().id = id;
    } else if (file_.kind != Kind::kCaptions) {
      record.problem(field, fmt::format("{} occurs twice", id));
      return nullptr;
    }
    return &file_.references[entry->second];
  }

  ReferenceFile take() { return std::move(file_); }

 private:
  ReferenceFile file_;
  std::unordered_map<std::string, size_t> places_;
};

// The first of the names that a record has; nullptr for none.
const char* first_of(const JsonValue& record, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (record.find(name)) return name;
  }
  return nullptr;
}

void add_captions(const Record& record, const char* field, Reference* reference) {
  if (reference == nullptr) return;
  for (const std::string& caption : record.texts(field)) {
    if (stripped(caption).empty()) record.problem(field, "expected words, got an empty caption");
    reference->captions.push_back(caption);
  }
}

// What the first record of a list tells about the others; the kind, or nothing.
std::optional<Kind> kind_of(const JsonValue& record) {
  if (record.find("answers")) return Kind::kAnswers;
  if (record.find("label")) return Kind::kLabels;
  if (first_of(record, {"caption", "captions", "sentences"}) != nullptr) return Kind::kCaptions;
  return std::nullopt;
}

void read_answers(const Record& record, Collector& all) {
  Reference* reference = all.at(record, "question_id", normal_id(record.id("question_id")));
  if (reference == nullptr) return;
  record.each("answers", [&](const Record& answer) { reference->answers.push_back(answer.text("answer")); });
  if (record.has_empty_list("answers")) record.problem("answers", "expected the annotators' answers, got none");
  reference->question_type = record.optional_text("question_type");
  reference->answer_type = record.optional_text("answer_type");
}

void read_label(const Record& record, Collector& all) {
  Reference* reference = all.at(record, "question_id", normal_id(record.id("question_id")));
  if (reference == nullptr) return;
  reference->label = record.label("label");
  reference->question_type = record.optional_text("question_type");
  reference->answer_type = record.optional_text("answer_type");
}

void read_captions(const JsonValue& json, const Record& record, Collector& all) {
  const char* field = first_of(json, {"image_id", "video", "audio"});
  if (field == nullptr) return record.problem("image_id", "the field is missing");
  const std::string id = record.id(field);
  const bool clip = std::string_view(field) != "image_id";
  add_captions(record, "caption", all.at(record, field, clip ? path(id).stem().string() : normal_id(id)));
}

// One image of dataset_coco.json.
void read_karpathy(const Record& record, const std::string& split, Collector& all) {
  const std::string own = record.text("split");
  if (own != split && !(split == "train" && own == "restval")) return;
  Reference* reference = all.at(record, "filename", picture_id(record.text("filename")));
  if (reference == nullptr) return;
  record.each("sentences", [&](const Record& sentence) { reference->captions.push_back(sentence.words("raw")); });
  if (record.has_empty_list("sentences")) record.problem("sentences", "expected captions, got none");
}

ReferenceFile own_references(const path& file) {
  std::optional<Kind> kind;
  AnnotationReport ignored(file);
  for_each_line(file, ignored, [&](int64_t, const JsonValue& json) {
    if (!kind) kind = json.find("captions") ? Kind::kCaptions : Kind::kLabels;
  });
  const auto own_kind = kind == Kind::kCaptions ? OwnKind::kCaptions : OwnKind::kQuestions;
  ReferenceFile result{.kind = kind.value_or(Kind::kLabels), .references = {}};
  const SampleList samples = load_own_data("", own_kind, file.string(), MediaCheck::kOff);
  for (const Sample& sample : samples.samples()) {
    result.references.push_back({.id = normal_id(sample.question_id),
                                 .answers = {},
                                 .label = sample.label,
                                 .captions = sample.targets,
                                 .question_type = sample.question_type,
                                 .answer_type = sample.answer_type});
  }
  return result;
}

}  // namespace

ResultFile load_results(const path& file) {
  ResultFile results;
  AnnotationReport report(file);
  std::unordered_set<std::string> ids;
  bool first = true;
  for_each_record(file, "", report, [&](int64_t index, const JsonValue& json) {
    const Record record(json, index, report);
    if (!json.is_object()) return;  // already reported
    if (first) results.captions = json.find("caption").has_value();
    first = false;
    const char* field = results.captions ? "image_id" : "question_id";
    const std::string id = normal_id(record.id(field));
    if (!id.empty() && !ids.insert(id).second) record.problem(field, fmt::format("{} occurs twice", id));
    results.texts.emplace_back(id, record.text(results.captions ? "caption" : "answer"));
  });
  report.fail_if_any();
  return results;
}

ReferenceFile load_references(const path& file, const std::string& split) {
  if (file.extension() == ".jsonl") return own_references(file);
  const char* key = has_records(file, "annotations") ? "annotations" : has_records(file, "images") ? "images" : "";
  AnnotationReport report(file);
  std::optional<Collector> all;
  std::optional<Kind> kind;
  for_each_record(file, key, report, [&](int64_t index, const JsonValue& json) {
    const Record record(json, index, report);
    if (!json.is_object()) return;  // already reported
    if (!all) {
      kind = kind_of(json);
      require(kind.has_value(),
              "{}: expected annotations with `answers`, `label`, `caption` or `sentences`, and the first record has "
              "none of them",
              file.string());
      all.emplace(*kind);
    }
    if (*kind == Kind::kAnswers) return read_answers(record, *all);
    if (*kind == Kind::kLabels) return read_label(record, *all);
    if (std::string_view(key) == "images") return read_karpathy(record, split, *all);
    read_captions(json, record, *all);
  });
  report.fail_if_any();
  ReferenceFile result = all ? all->take() : ReferenceFile{};
  require(!result.references.empty(), "{}: no image belongs to the split \"{}\"; name another one with --split",
          file.string(), split);
  return result;
}

}  // namespace epalm::data
