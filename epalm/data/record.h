#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "epalm/data/annotation_report.h"
#include "epalm/data/json_records.h"
#include "epalm/metrics/vqa_accuracy.h"

namespace epalm::data {

// Typed access to the fields of one record. A missing field or a wrong type goes to the report and reads as an empty
// value.
class Record {
 public:
  Record(const JsonValue& json, int64_t index, AnnotationReport& report);

  bool has(const char* name) const;
  bool has_empty_list(const char* name) const;

  // The first of the names that is present: datasets disagree whether a question is `sent` or `question`.
  std::string text(std::initializer_list<const char*> names) const;
  std::string text(const char* name) const { return text({name}); }
  // Without white space at its ends; an empty one is reported.
  std::string words(const char* name) const;
  std::string optional_text(const char* name) const;
  // A number or a text, as written.
  std::string id(const char* name) const;
  std::optional<int64_t> number(const char* name) const;
  std::optional<bool> optional_flag(const char* name) const;
  // Answers with scores from an object {answer: score}.
  metrics::AnswerScores label(const char* name) const;
  // One text or a list of texts.
  std::vector<std::string> texts(const char* name) const;
  // A list of objects; `read` gets each as a record of the same index.
  template <typename Read>
  void each(const char* name, Read read) const {
    const auto list = find(name);
    if (!list) return;
    if (!list->is_array()) {
      wrong_type(name, "a list", *list);
      return;
    }
    list->each([&](std::string_view, const JsonValue& item) { read(Record(item, index_, report_)); });
  }
  // A file name that stays below its folder.
  std::string file_name(const char* name) const;

  void problem(const char* name, const std::string& what) const { report_.add(index_, name, what); }

 private:
  std::optional<JsonValue> find(const char* name) const;  // none: it was reported
  void wrong_type(const char* name, const char* expected, const JsonValue& got) const;

  JsonValue json_;
  int64_t index_;
  AnnotationReport& report_;
};

// Whether a name joined to a folder cannot leave it.
bool stays_below(const std::string& name);

// Without white space at both ends (ASCII and Unicode).
std::string stripped(const std::string& text);

}  // namespace epalm::data
