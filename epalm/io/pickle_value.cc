#include "epalm/io/pickle_value.h"

#include <array>
#include <nlohmann/json.hpp>

#include "epalm/base/error.h"

namespace epalm::io {
namespace {

constexpr std::array<const char*, 10> kKindNames{"None",  "a bool",   "an integer", "a float", "a string",
                                                 "bytes", "a tensor", "a list",     "a tuple", "a dict"};

const Value* find(const Value::Dict& dict, std::string_view key) {
  for (const auto& [k, value] : dict) {
    if (k.is_string() && k.as_string() == key) return &value;
  }
  return nullptr;
}

const Value* find(const Value::Dict& dict, int64_t key) {
  for (const auto& [k, value] : dict) {
    if (k.kind() == Value::Kind::kInt && k.as_int() == key) return &value;
  }
  return nullptr;
}

}  // namespace

Value::Value(Dict value) : data_(std::make_shared<const Dict>(std::move(value))) {}

Value Value::tuple(List items) {
  Value value;
  value.data_ = std::make_shared<const Tuple>(Tuple{std::move(items)});
  return value;
}

void Value::fail_kind(const char* expected) const {
  fail("{}: expected {}, got {}", where_.empty() ? "a stored value" : where_, expected, kKindNames[data_.index()]);
}

bool Value::as_bool() const {
  if (const auto* value = std::get_if<bool>(&data_)) return *value;
  fail_kind("a bool");
}

int64_t Value::as_int() const {
  if (const auto* value = std::get_if<int64_t>(&data_)) return *value;
  fail_kind("an integer");
}

double Value::as_double() const {
  if (const auto* value = std::get_if<double>(&data_)) return *value;
  if (const auto* value = std::get_if<int64_t>(&data_)) return static_cast<double>(*value);
  fail_kind("a number");
}

const std::string& Value::as_string() const& {
  if (const auto* value = std::get_if<std::string>(&data_)) return *value;
  fail_kind("a string");
}

const Value::Bytes& Value::as_bytes() const& {
  if (const auto* value = std::get_if<Bytes>(&data_)) return *value;
  fail_kind("bytes");
}

const at::Tensor& Value::as_tensor() const& {
  if (const auto* value = std::get_if<at::Tensor>(&data_)) return *value;
  fail_kind("a tensor");
}

const Value::List& Value::as_list() const& {
  if (const auto* value = std::get_if<std::shared_ptr<const List>>(&data_)) return **value;
  if (const auto* value = std::get_if<std::shared_ptr<const Tuple>>(&data_)) return (*value)->items;
  fail_kind("a list");
}

const Value::Dict& Value::as_dict() const& {
  if (const auto* value = std::get_if<std::shared_ptr<const Dict>>(&data_)) return **value;
  fail_kind("a dict");
}

bool Value::contains(std::string_view key) const {
  return find(as_dict(), key) != nullptr;
}
bool Value::contains(int64_t key) const {
  return find(as_dict(), key) != nullptr;
}

Value Value::at(std::string_view key) const {
  const Value* value = find(as_dict(), key);
  require(value != nullptr, "{}: expected the key '{}', which is missing", where_.empty() ? "a stored dict" : where_,
          key);
  return value->named(fmt::format("{}['{}']", where_, key));
}

Value Value::at(int64_t key) const {
  const Value* value = nullptr;
  if (is_dict()) {
    value = find(as_dict(), key);
  } else if (const List& list = as_list(); key >= 0 && static_cast<size_t>(key) < list.size()) {
    value = &list[static_cast<size_t>(key)];
  }
  require(value != nullptr, "{}: expected an element {}, which is missing", where_.empty() ? "a stored value" : where_,
          key);
  return value->named(fmt::format("{}[{}]", where_, key));
}

size_t Value::size() const {
  return is_dict() ? as_dict().size() : as_list().size();
}

Value Value::named(std::string where) const {
  Value value = *this;
  value.where_ = std::move(where);
  return value;
}

nlohmann::json json_from_value(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kNone:
      return nullptr;
    case Value::Kind::kBool:
      return value.as_bool();
    case Value::Kind::kInt:
      return value.as_int();
    case Value::Kind::kDouble:
      return value.as_double();
    case Value::Kind::kString:
      return value.as_string();
    case Value::Kind::kList:
    case Value::Kind::kTuple: {
      auto array = nlohmann::json::array();
      for (const auto& item : value.as_list()) array.push_back(json_from_value(item));
      return array;
    }
    case Value::Kind::kDict: {
      auto object = nlohmann::json::object();
      for (const auto& [key, item] : value.as_dict()) {
        object[key.kind() == Value::Kind::kInt ? std::to_string(key.as_int()) : key.as_string()] =
            json_from_value(item);
      }
      return object;
    }
    case Value::Kind::kBytes:
    case Value::Kind::kTensor:
      break;
  }
  fail("{}: expected plain data, got {}", value.where().empty() ? "a stored value" : value.where(),
       kKindNames[static_cast<size_t>(value.kind())]);
}

Value value_from_json(const nlohmann::json& json) {
  switch (json.type()) {
    case nlohmann::json::value_t::boolean:
      return json.get<bool>();
    case nlohmann::json::value_t::number_integer:
    case nlohmann::json::value_t::number_unsigned:
      return json.get<int64_t>();
    case nlohmann::json::value_t::number_float:
      return json.get<double>();
    case nlohmann::json::value_t::string:
      return json.get<std::string>();
    case nlohmann::json::value_t::array: {
      Value::List list;
      for (const auto& item : json) list.push_back(value_from_json(item));
      return list;
    }
    case nlohmann::json::value_t::object: {
      Value::Dict dict;
      for (const auto& [key, item] : json.items()) dict.emplace_back(key, value_from_json(item));
      return dict;
    }
    default:
      return {};
  }
}

}  // namespace epalm::io
