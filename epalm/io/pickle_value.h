#pragma once

#include <ATen/ATen.h>

#include <concepts>
#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace epalm::io {

// What a torch file holds: a tree of plain data and tensors. Immutable and cheap to copy (containers are shared).
// A value reached through at() knows its path inside the file, which the errors of the as_…() accessors name.
class Value {
 public:
  using Bytes = std::vector<std::byte>;
  using List = std::vector<Value>;
  using Dict = std::vector<std::pair<Value, Value>>;  // in order; keys are mostly strings or integers

  enum class Kind { kNone, kBool, kInt, kDouble, kString, kBytes, kTensor, kList, kTuple, kDict };

  Value() = default;  // None
  Value(bool value) : data_(value) {}
  template <std::integral T>
  requires(!std::same_as<T, bool>) Value(T value) : data_(static_cast<int64_t>(value)) {}
  Value(double value) : data_(value) {}
  Value(std::string value) : data_(std::move(value)) {}
  Value(const char* value) : data_(std::string(value)) {}
  Value(Bytes value) : data_(std::move(value)) {}
  Value(at::Tensor value) : data_(std::move(value)) {}
  Value(List value) : data_(std::make_shared<const List>(std::move(value))) {}
  Value(Dict value);
  static Value tuple(List items);

  Kind kind() const { return static_cast<Kind>(data_.index()); }
  bool is_none() const { return kind() == Kind::kNone; }
  bool is_string() const { return kind() == Kind::kString; }
  bool is_tensor() const { return kind() == Kind::kTensor; }
  bool is_dict() const { return kind() == Kind::kDict; }

  // Throw Error for any other kind. as_double accepts an integer too; as_list accepts a tuple too. References last as
  // long as this value; a temporary, such as the result of at(), gives copies.
  bool as_bool() const;
  int64_t as_int() const;
  double as_double() const;
  const std::string& as_string() const&;
  const Bytes& as_bytes() const&;
  const at::Tensor& as_tensor() const&;
  const List& as_list() const&;
  const Dict& as_dict() const&;
  std::string as_string() && { return std::as_const(*this).as_string(); }
  Bytes as_bytes() && { return std::as_const(*this).as_bytes(); }
  at::Tensor as_tensor() && { return std::as_const(*this).as_tensor(); }
  List as_list() && { return std::as_const(*this).as_list(); }
  Dict as_dict() && { return std::as_const(*this).as_dict(); }

  // Elements of a dict or a list; at() throws Error where there is none. The result names its path in errors.
  bool contains(std::string_view key) const;
  bool contains(int64_t key) const;
  Value at(std::string_view key) const;
  Value at(int64_t key_or_index) const;
  size_t size() const;  // of a list, tuple or dict

  // How errors name this value; empty until set or reached through at().
  const std::string& where() const { return where_; }
  Value named(std::string where) const;

 private:
  struct Tuple {
    List items;
  };
  [[noreturn]] void fail_kind(const char* expected) const;

  // The alternatives stand in the order of Kind.
  std::variant<std::monostate, bool, int64_t, double, std::string, Bytes, at::Tensor, std::shared_ptr<const List>,
               std::shared_ptr<const Tuple>, std::shared_ptr<const Dict>>
      data_;
  std::string where_;
};

// JSON has neither tensors nor bytes (Error); tuples become lists and integer keys text.
nlohmann::json json_from_value(const Value& value);
Value value_from_json(const nlohmann::json& json);

}  // namespace epalm::io
