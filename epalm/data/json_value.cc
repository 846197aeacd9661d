#include "epalm/data/json_value.h"

#include <nlohmann/json.hpp>

namespace epalm::data {

struct JsonTree::Events {
  using number_unsigned_t = nlohmann::json::number_unsigned_t;
  JsonTree& tree;
  std::vector<size_t> open{};  // containers around the next value
  std::string_view name{};

  std::string_view kept(const std::string& text) {
    const size_t begin = tree.texts_.size();
    tree.texts_ += text;
    return std::string_view(tree.texts_).substr(begin);
  }
  bool add(const Node& node) {
    tree.nodes_.push_back(node);
    tree.nodes_.back().name = name;
    tree.nodes_.back().end = tree.nodes_.size();
    name = {};
    return true;
  }
  bool enter(Type type) {
    open.push_back(tree.nodes_.size());
    return add({.type = type});
  }
  bool leave() {
    tree.nodes_[open.back()].end = tree.nodes_.size();
    open.pop_back();
    return true;
  }

  bool null() { return add({.type = Type::kNull}); }
  bool boolean(bool value) { return add({.type = Type::kFlag, .whole = value}); }
  bool number_integer(int64_t value) { return add({.type = Type::kWhole, .whole = value}); }
  bool number_unsigned(uint64_t value) {
    if (value > static_cast<uint64_t>(INT64_MAX)) return number_float(static_cast<double>(value), "");
    return number_integer(static_cast<int64_t>(value));
  }
  bool number_float(double value, const std::string&) { return add({.type = Type::kNumber, .number = value}); }
  bool string(const std::string& value) { return add({.type = Type::kText, .text = kept(value)}); }
  bool binary(const nlohmann::json::binary_t&) { return false; }  // not in JSON
  bool start_object(size_t) { return enter(Type::kObject); }
  bool key(const std::string& value) {
    name = kept(value);
    return true;
  }
  bool end_object() { return leave(); }
  bool start_array(size_t) { return enter(Type::kArray); }
  bool end_array() { return leave(); }
  bool parse_error(size_t byte, const std::string&, const nlohmann::detail::exception& error) {
    const bool encoding = std::string_view(error.what()).find("UTF-8") != std::string_view::npos;
    tree.problem_ = encoding ? "expected UTF-8, got another encoding" : "expected JSON, got something else";
    tree.problem_byte_ = byte;
    return false;
  }
};

std::optional<JsonValue> JsonTree::parse(std::string_view text) {
  nodes_.clear();
  texts_.clear();
  texts_.reserve(text.size());  // escaped text is longer than what it stands for
  Events events{*this};
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &events)) return std::nullopt;
  return JsonValue(*this, 0);
}

const char* JsonValue::type_name() const {
  switch (node().type) {
    case JsonTree::Type::kNull:
      return "null";
    case JsonTree::Type::kFlag:
      return "boolean";
    case JsonTree::Type::kWhole:
    case JsonTree::Type::kNumber:
      return "number";
    case JsonTree::Type::kText:
      return "string";
    case JsonTree::Type::kArray:
      return "array";
    case JsonTree::Type::kObject:
      break;
  }
  return "object";
}

std::optional<JsonValue> JsonValue::find(std::string_view name) const {
  std::optional<JsonValue> found;
  if (!is_object()) return found;
  each([&](std::string_view own, const JsonValue& value) {
    if (own == name) found = value;
  });
  return found;
}

}  // namespace epalm::data
