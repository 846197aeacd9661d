#include "epalm/io/pickle_reader.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <deque>
#include <map>
#include <set>
#include <unordered_map>
#include <vector>

#include "epalm/base/error.h"
#include "epalm/io/mapped_tensor.h"
#include "epalm/io/pickle_nodes.h"

namespace epalm::io {

using Kind = Node::Kind;

// The stack machine of Python's pickletools, without the instructions that torch never writes.
class PickleReader::Machine {
 public:
  Machine(std::span<const std::byte> bytes, const std::string& where) : bytes_(bytes), where_(where) { run(); }

  size_t position() const { return position_; }
  const Node& node(NodeId id) const { return nodes_[id]; }
  NodeId root() const { return root_; }
  const std::string& where() const { return where_; }

  std::map<std::string, at::ScalarType> storage_types() const {
    std::map<std::string, at::ScalarType> types;
    for (const auto& node : nodes_) {
      if (node.kind != Kind::kStorage) continue;
      const auto [found, is_new] = types.emplace(node.text, node.dtype);
      if (!is_new && found->second != node.dtype) refuse("the storage '{}' is described in two ways", node.text);
    }
    return types;
  }

  template <typename... Args>
  [[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) const {
    fail("{}: damaged or unsupported pickle at byte {}: {}", where_, position_,
         fmt::format(format, std::forward<Args>(args)...));
  }

 private:
  void expect(bool condition, const char* what) const {
    if (!condition) refuse("expected {}", what);
  }

  std::string_view take(uint64_t count) {
    if (count > bytes_.size() - position_) refuse("it ends early; is the file complete?");
    const auto* start = reinterpret_cast<const char*>(bytes_.data()) + position_;
    position_ += static_cast<size_t>(count);
    return {start, static_cast<size_t>(count)};
  }

  template <typename T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }

  std::string_view line() {
    const auto rest = bytes_.subspan(position_);
    const auto end = std::find(rest.begin(), rest.end(), std::byte{'\n'});
    expect(end != rest.end(), "a line end");
    const auto text = take(static_cast<uint64_t>(end - rest.begin()));
    take(1);
    return text;
  }

  NodeId add(Node node) {
    if (nodes_.size() >= kMostObjects) refuse("it holds more than {} objects", kMostObjects);
    nodes_.push_back(std::move(node));
    return static_cast<NodeId>(nodes_.size() - 1);
  }
  void push(Node node) { stack_.push_back(add(std::move(node))); }
  void push_bool(bool value) { push({.kind = Kind::kBool, .number = value}); }
  void push_int(int64_t value) { push({.kind = Kind::kInt, .number = value}); }
  void push_text(Kind kind, std::string_view text) { push({.kind = kind, .text = text}); }
  void push_items(Kind kind, std::vector<NodeId> items) { push({.kind = kind, .items = std::move(items)}); }

  NodeId pop() {
    expect(stack_.size() > (marks_.empty() ? 0 : marks_.back()), "an object on the stack");
    const NodeId id = stack_.back();
    stack_.pop_back();
    return id;
  }
  Node& top(Kind kind, const char* what) {
    expect(stack_.size() > (marks_.empty() ? 0 : marks_.back()) && nodes_[stack_.back()].kind == kind, what);
    return nodes_[stack_.back()];
  }
  std::vector<NodeId> pop_to_mark() {
    expect(!marks_.empty(), "a mark on the stack");
    std::vector<NodeId> items(stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back()), stack_.end());
    stack_.resize(marks_.back());
    marks_.pop_back();
    return items;
  }
  void push_tuple(size_t size) {
    std::vector<NodeId> items(size);
    for (size_t i = size; i-- > 0;) items[i] = pop();
    push_items(Kind::kTuple, std::move(items));
  }
  void extend(Kind kind, const std::vector<NodeId>& items, const char* what) {
    Node& container = top(kind, what);
    expect(kind == Kind::kList || items.size() % 2 == 0, "pairs of key and value");
    container.items.insert(container.items.end(), items.begin(), items.end());
  }

  void memoize(uint64_t key) {
    expect(stack_.size() > (marks_.empty() ? 0 : marks_.back()), "an object to remember");
    memo_[key] = stack_.back();
  }
  void recall(uint64_t key) {
    const auto found = memo_.find(key);
    expect(found != memo_.end(), "a remembered object");
    stack_.push_back(found->second);
  }

  void push_long(std::string_view bytes) {
    expect(bytes.size() <= sizeof(int64_t), "an integer of at most 64 bits");
    uint64_t value = 0;
    std::memcpy(&value, bytes.data(), bytes.size());
    const size_t bits = 8 * bytes.size();
    if (bits > 0 && bits < 64 && (value >> (bits - 1)) != 0) value |= ~uint64_t{0} << bits;
    push_int(static_cast<int64_t>(value));
  }
  void push_decimal(std::string_view text, bool is_long) {
    if (!is_long && (text == "00" || text == "01")) return push_bool(text == "01");  // protocol 1 bools
    if (is_long && text.ends_with('L')) text.remove_suffix(1);
    int64_t value = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    expect(result.ec == std::errc() && result.ptr == text.data() + text.size(), "an integer of at most 64 bits");
    push_int(value);
  }
  void push_double() {  // big-endian, unlike all else
    const double value = std::bit_cast<double>(__builtin_bswap64(number<uint64_t>()));
    push({.kind = Kind::kDouble, .real = value});
  }

  void push_global(std::string_view module, std::string_view name) {
    auto node = node_of_global(module, name);
    if (!node) {
      refuse(
          "it names '{}.{}', which is neither a tensor nor plain data; nothing was executed; save it as a state dict",
          module.substr(0, 100), name.substr(0, 100));
    }
    push(std::move(*node));
  }

  const Node& item(const Node& tuple, size_t i, Kind kind, const char* what) const {
    expect(i < tuple.items.size() && nodes_[tuple.items[i]].kind == kind, what);
    return nodes_[tuple.items[i]];
  }

  // ('storage', type, key, location, elements[, None])
  void push_storage() {
    const Node& id = nodes_[pop()];
    expect(id.kind == Kind::kTuple && (id.items.size() == 5 || id.items.size() == 6), "the name of a storage");
    expect(item(id, 0, Kind::kString, "the name of a storage").text == "storage", "the name of a storage");
    const Node& type = item(id, 1, Kind::kGlobal, "a storage type");
    expect(type.callable == Callable::kStorage, "a storage type");
    const Node& key = item(id, 2, Kind::kString, "the key of a storage");
    const int64_t elements = item(id, 4, Kind::kInt, "the size of a storage").number;
    expect(elements >= 0, "a storage size of at least 0");
    if (id.items.size() == 6) item(id, 5, Kind::kNone, "a storage that is no view of another");
    push({.kind = Kind::kStorage, .number = elements, .text = key.text, .dtype = type.dtype});
  }

  // (storage, offset, sizes, strides, …)
  void push_tensor(const Node& arguments) {
    expect(arguments.items.size() >= 4, "the arguments of a tensor");
    const Node& storage = item(arguments, 0, Kind::kStorage, "a storage");
    const int64_t offset = item(arguments, 1, Kind::kInt, "a storage offset").number;
    const Node& sizes = item(arguments, 2, Kind::kTuple, "the sizes of a tensor");
    const Node& strides = item(arguments, 3, Kind::kTuple, "the strides of a tensor");
    expect(sizes.items.size() == strides.items.size() && sizes.items.size() <= kMostDimensions,
           "as many strides as sizes, and at most 64");
    int64_t last = offset, elements = 1, product = 1;
    bool fits = offset >= 0;
    for (size_t i = 0; fits && i < sizes.items.size(); ++i) {
      const int64_t size = item(sizes, i, Kind::kInt, "an integer size").number;
      const int64_t stride = item(strides, i, Kind::kInt, "an integer stride").number;
      int64_t reach = 0;
      fits = size >= 0 && stride >= 0 && !__builtin_mul_overflow(std::max<int64_t>(size, 1) - 1, stride, &reach) &&
             !__builtin_add_overflow(last, reach, &last) &&
             !__builtin_mul_overflow(product, std::max<int64_t>(size, 1), &product);
      elements = size == 0 ? 0 : elements * (fits ? size : 0);
    }
    // A repeated element (stride 0) would let a few bytes claim any amount of memory.
    fits = fits && (elements == 0 || (last < storage.number && elements <= storage.number));
    if (!fits) refuse("a tensor reaches outside its storage '{}' of {} elements", storage.text, storage.number);
    push({.kind = Kind::kTensor,
          .number = offset,
          .items = {arguments.items[0], arguments.items[2], arguments.items[3]}});
  }

  void push_ordered_dict(const Node& arguments) {
    std::vector<NodeId> items;
    if (!arguments.items.empty()) {
      const std::vector<NodeId>& pairs = item(arguments, 0, Kind::kList, "a list of pairs").items;
      for (const NodeId id : pairs) {
        const Node& pair = nodes_[id];
        expect((pair.kind == Kind::kTuple || pair.kind == Kind::kList) && pair.items.size() == 2, "a list of pairs");
        items.insert(items.end(), pair.items.begin(), pair.items.end());
      }
      copied_ += pairs.size();
      if (copied_ > kMostObjects) refuse("it holds more than {} objects", kMostObjects);
    }
    push_items(Kind::kDict, std::move(items));
  }

  // encode(text, 'latin1'): each character is one byte.
  void push_encoded(const Node& arguments) {
    const std::string_view text = item(arguments, 0, Kind::kString, "the text of bytes").text;
    const auto codec = item(arguments, 1, Kind::kString, "a codec").text;
    expect(codec == "latin1" || codec == "latin-1", "the codec latin1");
    copied_ += text.size() / 64;
    if (copied_ > kMostObjects) refuse("it holds more than {} objects", kMostObjects);
    std::string bytes;
    for (size_t i = 0; i < text.size(); ++i) {
      const auto c = static_cast<unsigned char>(text[i]);
      if (c < 0x80) {
        bytes.push_back(text[i]);
      } else {
        expect((c == 0xc2 || c == 0xc3) && i + 1 < text.size(), "Latin-1 text");
        bytes.push_back(static_cast<char>((c << 6) | (static_cast<unsigned char>(text[++i]) & 0x3f)));
      }
    }
    push_text(Kind::kBytes, owned_.emplace_back(std::move(bytes)));
  }

  template <typename T>
  T raw(std::string_view bytes) const {
    T value;
    expect(bytes.size() == sizeof value, "a NumPy scalar of the size of its dtype");
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }

  void push_numpy_scalar(const Node& arguments) {
    const std::string_view dtype = item(arguments, 0, Kind::kNumpyDtype, "a NumPy dtype").text;
    const std::string_view bytes = item(arguments, 1, Kind::kBytes, "the bytes of a NumPy scalar").text;
    if (dtype == "f8" || dtype == "f4") {
      const double value = dtype == "f8" ? raw<double>(bytes) : static_cast<double>(raw<float>(bytes));
      push({.kind = Kind::kDouble, .real = value});
    } else if (dtype == "i8" || dtype == "i4") {
      push_int(dtype == "i8" ? raw<int64_t>(bytes) : raw<int32_t>(bytes));
    } else if (dtype == "b1") {
      push_bool(raw<uint8_t>(bytes) != 0);
    } else {
      refuse("a NumPy scalar has the dtype '{}'; expected f8, f4, i8, i4 or b1", dtype.substr(0, 100));
    }
  }

  void call() {
    const Node& arguments = nodes_[pop()];
    const Node& function = nodes_[pop()];
    expect(function.kind == Kind::kGlobal && arguments.kind == Kind::kTuple, "a known function and its arguments");
    switch (function.callable) {
      case Callable::kOrderedDict:
        return push_ordered_dict(arguments);
      case Callable::kRebuildTensor:
      case Callable::kRebuildTensorV2:
        return push_tensor(arguments);
      case Callable::kRebuildParameter:
        item(arguments, 0, Kind::kTensor, "the tensor of a parameter");
        return stack_.push_back(arguments.items[0]);
      case Callable::kSize:
        item(arguments, 0, Kind::kTuple, "the sizes of torch.Size");
        return stack_.push_back(arguments.items[0]);
      case Callable::kDevice:
        item(arguments, 0, Kind::kString, "the name of a device");
        return stack_.push_back(arguments.items[0]);
      case Callable::kEncode:
        return push_encoded(arguments);
      case Callable::kNumpyDtype:
        return push_text(Kind::kNumpyDtype, item(arguments, 0, Kind::kString, "the name of a NumPy dtype").text);
      case Callable::kNumpyScalar:
        return push_numpy_scalar(arguments);
      case Callable::kStorage:
        break;
    }
    refuse("'{}' cannot be called", function.text);
  }

  // State set after construction: attributes of a state dict (its `_metadata`, not needed) or a NumPy byte order.
  void set_state() {
    const Node& state = nodes_[pop()];
    expect(!stack_.empty(), "an object to set up");
    const Node& object = nodes_[stack_.back()];
    if (object.kind == Kind::kNumpyDtype) {
      expect(state.kind == Kind::kTuple, "the state of a NumPy dtype");
      expect(item(state, 1, Kind::kString, "a byte order").text != ">", "little-endian numbers");
    } else {
      expect(object.kind == Kind::kDict && state.kind == Kind::kDict, "a dict to set up");
    }
  }

  void run() {
    while (step(static_cast<uint8_t>(take(1)[0]))) {
    }
    root_ = pop();
    expect(stack_.empty() && marks_.empty(), "one object");
  }

  // Executes one instruction; false at the end mark. Letters as in Python's pickletools.
  bool step(uint8_t code) {
    switch (code) {
      case 0x80:  // PROTO
        expect(number<uint8_t>() <= 5, "a protocol of at most 5");
        break;
      case 0x95:  // FRAME
        number<uint64_t>();
        break;
      case '.':  // STOP
        return false;
      case '(':  // MARK
        if (marks_.size() >= kMostObjects) refuse("it holds more than {} marks", kMostObjects);
        marks_.push_back(stack_.size());
        break;
      case '0':  // POP
        pop();
        break;
      case '1':  // POP_MARK
        pop_to_mark();
        break;
      case 'N':
        push({});
        break;
      case 0x88:  // NEWTRUE
      case 0x89:  // NEWFALSE
        push_bool(code == 0x88);
        break;
      case 'I':
      case 'L':
        push_decimal(line(), code == 'L');
        break;
      case 'J':
        push_int(number<int32_t>());
        break;
      case 'K':
        push_int(number<uint8_t>());
        break;
      case 'M':
        push_int(number<uint16_t>());
        break;
      case 0x8a:  // LONG1
        push_long(take(number<uint8_t>()));
        break;
      case 'G':
        push_double();
        break;
      case 'X':
      case 'T':
        push_text(Kind::kString, take(number<uint32_t>()));
        break;
      case 'U':
      case 0x8c:  // SHORT_BINUNICODE
        push_text(Kind::kString, take(number<uint8_t>()));
        break;
      case 0x8d:  // BINUNICODE8
        push_text(Kind::kString, take(number<uint64_t>()));
        break;
      case 'B':
        push_text(Kind::kBytes, take(number<uint32_t>()));
        break;
      case 'C':
        push_text(Kind::kBytes, take(number<uint8_t>()));
        break;
      case 0x8e:  // BINBYTES8
      case 0x96:  // BYTEARRAY8
        push_text(Kind::kBytes, take(number<uint64_t>()));
        break;
      case ']':
        push_items(Kind::kList, {});
        break;
      case '}':
        push_items(Kind::kDict, {});
        break;
      case ')':
        push_items(Kind::kTuple, {});
        break;
      case 'l':
        push_items(Kind::kList, pop_to_mark());
        break;
      case 't':
        push_items(Kind::kTuple, pop_to_mark());
        break;
      case 'd': {
        auto items = pop_to_mark();
        push_items(Kind::kDict, {});
        extend(Kind::kDict, items, "a dict");
        break;
      }
      case 0x85:  // TUPLE1 to TUPLE3
      case 0x86:
      case 0x87:
        push_tuple(code - 0x84u);
        break;
      case 'a': {
        const NodeId item = pop();
        extend(Kind::kList, {item}, "a list");
        break;
      }
      case 's': {
        const NodeId value = pop();
        const NodeId key = pop();
        extend(Kind::kDict, {key, value}, "a dict");
        break;
      }
      case 'e': {
        const auto items = pop_to_mark();
        extend(Kind::kList, items, "a list");
        break;
      }
      case 'u': {
        const auto items = pop_to_mark();
        extend(Kind::kDict, items, "a dict");
        break;
      }
      case 'q':
        memoize(number<uint8_t>());
        break;
      case 'r':
        memoize(number<uint32_t>());
        break;
      case 0x94:  // MEMOIZE
        memoize(memo_.size());
        break;
      case 'h':
        recall(number<uint8_t>());
        break;
      case 'j':
        recall(number<uint32_t>());
        break;
      case 'c': {
        const auto module = line();
        push_global(module, line());
        break;
      }
      case 0x93: {  // STACK_GLOBAL
        const NodeId name = pop(), module = pop();
        expect(nodes_[name].kind == Kind::kString && nodes_[module].kind == Kind::kString, "the name of a global");
        push_global(nodes_[module].text, nodes_[name].text);
        break;
      }
      case 'R':
      case 0x81:  // NEWOBJ
        call();
        break;
      case 'b':
        set_state();
        break;
      case 'Q':
        push_storage();
        break;
      default:
        refuse("instruction {:#04x} is not among those that torch writes", code);
    }
    return true;
  }

  std::span<const std::byte> bytes_;
  std::string where_;
  size_t position_ = 0;
  std::deque<Node> nodes_;         // a deque, so that references stay good
  std::deque<std::string> owned_;  // text that does not stand in bytes_
  std::vector<NodeId> stack_;
  std::vector<size_t> marks_;
  std::unordered_map<uint64_t, NodeId> memo_;
  size_t copied_ = 0;
  NodeId root_ = 0;
};

namespace {

// Nodes to values. A node that stands in several places becomes one shared value.
template <typename Machine>
class Builder {
 public:
  Builder(const Machine& machine, const StorageSource& source) : machine_(machine), source_(source) {}

  Value build(NodeId root) { return visit(root, 0).value; }

 private:
  struct Built {
    Value value;
    int height = 0;     // levels of containers below
    size_t weight = 1;  // values when every shared one is counted at each place
  };

  Built visit(NodeId id, int depth) {
    const Node& node = machine_.node(id);
    switch (node.kind) {
      case Kind::kNone:
        return {};
      case Kind::kBool:
        return {node.number != 0};
      case Kind::kInt:
        return {node.number};
      case Kind::kDouble:
        return {node.real};
      case Kind::kString:
        return {std::string(node.text)};
      case Kind::kBytes: {
        const auto bytes = std::as_bytes(std::span(node.text));
        return {Value::Bytes(bytes.begin(), bytes.end())};
      }
      case Kind::kTensor:
        return {tensor(node)};
      case Kind::kList:
      case Kind::kTuple:
      case Kind::kDict:
        return container(id, node, depth);
      case Kind::kStorage:
      case Kind::kGlobal:
      case Kind::kNumpyDtype:
        break;
    }
    machine_.refuse("'{}' stands alone; expected tensors and plain data", node.text);
  }

  Built container(NodeId id, const Node& node, int depth) {
    if (const auto found = built_.find(id); found != built_.end()) return found->second;
    if (depth >= PickleReader::kDeepest) machine_.refuse("objects are nested deeper than {}", PickleReader::kDeepest);
    if (!open_.insert(id).second) machine_.refuse("an object contains itself");
    Built result;
    std::vector<Value> values;
    values.reserve(node.items.size());
    for (const NodeId item : node.items) {
      Built child = visit(item, depth + 1);
      result.height = std::max(result.height, child.height + 1);
      result.weight += child.weight;
      if (result.height > PickleReader::kDeepest) {
        machine_.refuse("objects are nested deeper than {}", PickleReader::kDeepest);
      }
      if (result.weight > PickleReader::kMostObjects) {
        machine_.refuse("it unfolds to more than {} objects", PickleReader::kMostObjects);
      }
      values.push_back(std::move(child.value));
    }
    open_.erase(id);
    if (node.kind == Kind::kList) result.value = Value(std::move(values));
    if (node.kind == Kind::kTuple) result.value = Value::tuple(std::move(values));
    if (node.kind == Kind::kDict) result.value = dict(std::move(values));
    return built_[id] = result;
  }

  Value dict(std::vector<Value> items) const {
    Value::Dict dict;
    std::set<std::string_view> names;
    std::set<int64_t> numbers;
    for (size_t i = 0; i + 1 < items.size(); i += 2) {
      const Value& key = items[i];
      bool is_new = key.kind() <= Value::Kind::kString;
      if (!is_new) machine_.refuse("a dict has a key that is neither text nor a number");
      if (key.is_string()) is_new = names.insert(key.as_string()).second;
      if (key.kind() == Value::Kind::kInt) is_new = numbers.insert(key.as_int()).second;
      if (!is_new) machine_.refuse("a key stands twice in one dict: '{}'", machine_key(key));
      dict.emplace_back(key, items[i + 1]);
    }
    return dict;
  }

  static std::string machine_key(const Value& key) {
    return key.is_string() ? key.as_string() : std::to_string(key.as_int());
  }

  std::vector<int64_t> integers(NodeId tuple) const {
    std::vector<int64_t> values;
    for (const NodeId item : machine_.node(tuple).items) values.push_back(machine_.node(item).number);
    return values;
  }

  at::Tensor tensor(const Node& node) {
    const Node& storage = machine_.node(node.items[0]);
    if (!source_) machine_.refuse("expected plain data, got a tensor");
    const auto key = std::string(storage.text);
    auto found = storages_.find(key);
    if (found == storages_.end()) {
      found = storages_.emplace(key, source_(key, storage.dtype, storage.number)).first;
    }
    const at::Tensor& data = found->second;
    if (data.scalar_type() != storage.dtype || data.numel() < storage.number) {
      machine_.refuse("the storage '{}' is described in two ways", key);
    }
    return data.as_strided(integers(node.items[1]), integers(node.items[2]), node.number);
  }

  const Machine& machine_;
  const StorageSource& source_;
  std::map<std::string, at::Tensor> storages_;
  std::unordered_map<NodeId, Built> built_;
  std::set<NodeId> open_;
};

}  // namespace

PickleReader::PickleReader(std::span<const std::byte> bytes, const std::string& where)
    : machine_(std::make_unique<Machine>(bytes, where)) {}

PickleReader::~PickleReader() = default;

size_t PickleReader::size() const {
  return machine_->position();
}

std::map<std::string, at::ScalarType> PickleReader::storage_types() const {
  return machine_->storage_types();
}

Value PickleReader::build(const StorageSource& storages) const {
  return Builder(*machine_, storages).build(machine_->root()).named(machine_->where());
}

}  // namespace epalm::io
