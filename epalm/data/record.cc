#include "epalm/data/record.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "epalm/metrics/answer_text.h"

namespace epalm::data {

Record::Record(const Json& json, int64_t index, AnnotationReport& report)
    : json_(json), index_(index), report_(report) {
  if (!json_.is_object()) wrong_type("(record)", "an object", json_);
}

void Record::wrong_type(const char* name, const char* expected, const Json& got) const {
  report_.add(index_, name, fmt::format("expected {}, got {}", expected, got.type_name()));
}

const Json* Record::find(const char* name) const {
  if (!json_.is_object()) return nullptr;  // reported once, by the constructor
  const auto field = json_.find(name);
  if (field != json_.end()) return &*field;
  report_.add(index_, name, "the field is missing");
  return nullptr;
}

std::string Record::text(std::initializer_list<const char*> names) const {
  if (!json_.is_object()) return "";
  for (const char* name : names) {
    const auto field = json_.find(name);
    if (field == json_.end()) continue;
    if (field->is_string()) return field->get<std::string>();
    wrong_type(name, "a text", *field);
    return "";
  }
  report_.add(index_, fmt::format("{}", fmt::join(names, "` or `")), "the field is missing");
  return "";
}

std::string Record::optional_text(const char* name) const {
  return json_.is_object() && json_.contains(name) ? text(name) : "";
}

std::string Record::id(const char* name) const {
  const Json* field = find(name);
  if (field == nullptr) return "";
  if (field->is_string()) return field->get<std::string>();
  if (field->is_number_integer()) return std::to_string(field->get<int64_t>());
  wrong_type(name, "a number or a text", *field);
  return "";
}

std::optional<int64_t> Record::number(const char* name) const {
  const Json* field = find(name);
  if (field == nullptr) return std::nullopt;
  if (field->is_number_integer()) return field->get<int64_t>();
  wrong_type(name, "a whole number", *field);
  return std::nullopt;
}

std::optional<bool> Record::optional_flag(const char* name) const {
  if (!json_.is_object()) return std::nullopt;
  const auto field = json_.find(name);
  if (field == json_.end()) return std::nullopt;
  if (field->is_boolean()) return field->get<bool>();
  wrong_type(name, "true or false", *field);
  return std::nullopt;
}

metrics::AnswerScores Record::label(const char* name) const {
  const Json* field = find(name);
  metrics::AnswerScores scores;
  if (field == nullptr) return scores;
  if (!field->is_object()) {
    wrong_type(name, "an object of answers and scores", *field);
    return scores;
  }
  for (const auto& [answer, score] : field->items()) {
    if (score.is_number() && score.template get<double>() >= 0 && std::isfinite(score.template get<double>())) {
      scores.emplace_back(answer, score.template get<double>());
    } else {
      problem(name, fmt::format("expected a score of 0 or more for the answer \"{}\", got {}", answer,
                                score.is_number() ? score.dump() : score.type_name()));
    }
  }
  return scores;
}

std::vector<std::string> Record::texts(const char* name) const {
  const Json* field = find(name);
  if (field == nullptr) return {};
  if (field->is_string()) return {field->get<std::string>()};
  std::vector<std::string> all;
  if (!field->is_array()) {
    wrong_type(name, "a text or a list of texts", *field);
    return all;
  }
  for (const Json& item : *field) {
    if (item.is_string()) {
      all.push_back(item.get<std::string>());
    } else {
      wrong_type(name, "a list of texts", item);
    }
  }
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
