#include "epalm/data/record.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "epalm/metrics/answer_text.h"

namespace epalm::data {

Record::Record(const JsonValue& json, int64_t index, AnnotationReport& report)
    : json_(json), index_(index), report_(report) {
  if (!json_.is_object()) wrong_type("(record)", "an object", json_);
}

void Record::wrong_type(const char* name, const char* expected, const JsonValue& got) const {
  report_.add(index_, name, fmt::format("expected {}, got {}", expected, got.type_name()));
}

std::optional<JsonValue> Record::find(const char* name) const {
  if (!json_.is_object()) return std::nullopt;  // reported once, by the constructor
  const auto field = json_.find(name);
  if (!field) report_.add(index_, name, "the field is missing");
  return field;
}

bool Record::has(const char* name) const {
  return json_.find(name).has_value();
}

bool Record::has_empty_list(const char* name) const {
  const auto field = json_.find(name);
  bool empty = field && field->is_array();
  if (empty) field->each([&](std::string_view, const JsonValue&) { empty = false; });
  return empty;
}

std::string Record::text(std::initializer_list<const char*> names) const {
  if (!json_.is_object()) return "";
  for (const char* name : names) {
    const auto field = json_.find(name);
    if (!field) continue;
    if (field->is_text()) return field->text();
    wrong_type(name, "a text", *field);
    return "";
  }
  report_.add(index_, fmt::format("{}", fmt::join(names, "` or `")), "the field is missing");
  return "";
}

std::string Record::words(const char* name) const {
  const auto field = find(name);
  if (!field) return "";
  const std::string words = stripped(field->text());
  if (!field->is_text()) {
    wrong_type(name, "a text", *field);
  } else if (words.empty()) {
    problem(name, "expected words, got an empty text");
  }
  return words;
}

std::string Record::optional_text(const char* name) const {
  return has(name) ? text(name) : "";
}

std::string Record::id(const char* name) const {
  const auto field = find(name);
  if (!field) return "";
  if (field->is_text()) return field->text();
  if (field->is_whole()) return std::to_string(field->whole());
  wrong_type(name, "a number or a text", *field);
  return "";
}

std::optional<int64_t> Record::number(const char* name) const {
  const auto field = find(name);
  if (!field) return std::nullopt;
  if (field->is_whole()) return field->whole();
  wrong_type(name, "a whole number", *field);
  return std::nullopt;
}

std::optional<bool> Record::optional_flag(const char* name) const {
  const auto field = json_.find(name);
  if (!field) return std::nullopt;
  if (field->is_flag()) return field->flag();
  wrong_type(name, "true or false", *field);
  return std::nullopt;
}

metrics::AnswerScores Record::label(const char* name) const {
  const auto field = find(name);
  metrics::AnswerScores scores;
  if (!field) return scores;
  if (!field->is_object()) {
    wrong_type(name, "an object of answers and scores", *field);
    return scores;
  }
  field->each([&](std::string_view answer, const JsonValue& score) {
    if (!score.is_number() || !(score.number() >= 0) || !std::isfinite(score.number())) {
      problem(name, fmt::format("expected a score of 0 or more for the answer \"{}\", got {}", answer,
                                score.is_number() ? fmt::format("{}", score.number()) : score.type_name()));
      return;
    }
    // An answer that occurs twice has its first place and its last score, as Python reads it.
    const auto known =
        std::find_if(scores.begin(), scores.end(), [&](const auto& entry) { return entry.first == answer; });
    if (known != scores.end()) {
      known->second = score.number();
    } else {
      scores.emplace_back(answer, score.number());
    }
  });
  return scores;
}

std::vector<std::string> Record::texts(const char* name) const {
  const auto field = find(name);
  if (!field) return {};
  if (field->is_text()) return {field->text()};
  std::vector<std::string> all;
  if (!field->is_array()) {
    wrong_type(name, "a text or a list of texts", *field);
    return all;
  }
  field->each([&](std::string_view, const JsonValue& item) {
    if (item.is_text()) {
      all.push_back(item.text());
    } else {
      wrong_type(name, "a list of texts", item);
    }
  });
  return all;
}

std::string Record::file_name(const char* name) const {
  const std::string file = id(name);
  if (!file.empty() && !stays_below(file)) problem(name, fmt::format("\"{}\" points outside the data folder", file));
  return file;
}

bool stays_below(const std::string& name) {
  const std::filesystem::path path(name);
  if (path.is_absolute() || name.find('\0') != name.npos) return false;
  for (const auto& part : path) {
    if (part == "..") return false;
  }
  return true;
}

std::string stripped(const std::string& text) {
  return std::string(metrics::strip(text));
}

}  // namespace epalm::data
