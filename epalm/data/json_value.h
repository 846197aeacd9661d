#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace epalm::data {

class JsonValue;

// One JSON text as a flat list of values, which is filled again and again without allocating: annotation files hold
// millions of small objects, and allocating their parts takes longer than reading them.
class JsonTree {
 public:
  // The value of a whole text, valid until the next call. nullopt where the text is no JSON; then problem() says why.
  std::optional<JsonValue> parse(std::string_view text);

  // What a text was instead of JSON, and the byte, from 1, at which that showed.
  const std::string& problem() const { return problem_; }
  size_t problem_byte() const { return problem_byte_; }

 private:
  friend class JsonValue;
  struct Events;  // of the parser
  enum class Type : uint8_t { kNull, kFlag, kWhole, kNumber, kText, kArray, kObject };
  struct Node {
    Type type = Type::kNull;
    std::string_view name{};  // within an object
    std::string_view text{};
    double number = 0;
    int64_t whole = 0;  // also of a flag
    size_t end = 0;     // index of the first node that is not part of this one
  };

  std::vector<Node> nodes_;
  std::string texts_;  // never grows beyond its capacity while texts point into it
  std::string problem_;
  size_t problem_byte_ = 0;
};

// One value of a tree, as long as the tree lives and is not filled anew. Those asked for something that a value is not
// give an empty one.
class JsonValue {
 public:
  bool is_object() const { return node().type == JsonTree::Type::kObject; }
  bool is_array() const { return node().type == JsonTree::Type::kArray; }
  bool is_text() const { return node().type == JsonTree::Type::kText; }
  bool is_flag() const { return node().type == JsonTree::Type::kFlag; }
  bool is_whole() const { return node().type == JsonTree::Type::kWhole; }  // and fits into int64_t
  bool is_number() const { return is_whole() || node().type == JsonTree::Type::kNumber; }
  const char* type_name() const;

  std::string text() const { return std::string(node().text); }
  bool flag() const { return node().whole != 0; }
  int64_t whole() const { return node().whole; }
  double number() const { return is_whole() ? static_cast<double>(node().whole) : node().number; }

  // Of an object; of several fields of that name the last, as Python reads them.
  std::optional<JsonValue> find(std::string_view name) const;
  // Calls use(name, value) for the values of an object or array in file order; names within arrays are empty.
  template <typename Use>
  void each(Use use) const {
    for (size_t i = index_ + 1; i < node().end; i = tree_->nodes_[i].end) {
      use(tree_->nodes_[i].name, JsonValue(*tree_, i));
    }
  }

 private:
  friend class JsonTree;
  JsonValue(const JsonTree& tree, size_t index) : tree_(&tree), index_(index) {}
  const JsonTree::Node& node() const { return tree_->nodes_[index_]; }

  const JsonTree* tree_;
  size_t index_;
};

}  // namespace epalm::data
