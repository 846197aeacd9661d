#pragma once

#include <string>
#include <vector>

#include "tests/io/bytes.h"

// Pieces of pickles, protocol 2.
namespace epalm::io::pickle {

inline std::string whole(const std::string& body) {
  return std::string("\x80\x02") + body + ".";
}
inline std::string integer(int32_t value) {
  return std::string("J") + raw(value);
}
inline std::string text(const std::string& value) {
  return std::string("X") + raw(static_cast<uint32_t>(value.size())) + value;
}
inline std::string global(const std::string& module, const std::string& name) {
  return std::string("c") + module + "\n" + name + "\n";
}

inline std::string tuple(const std::vector<std::string>& items) {
  std::string bytes = "(";
  for (const auto& item : items) bytes += item;
  return bytes + "t";
}
inline std::string list(const std::vector<std::string>& items) {
  std::string bytes = "](";
  for (const auto& item : items) bytes += item;
  return bytes + "e";
}
// key, value, key, …
inline std::string dict(const std::vector<std::string>& items) {
  std::string bytes = "}(";
  for (const auto& item : items) bytes += item;
  return bytes + "u";
}
inline std::string call(const std::string& function, const std::vector<std::string>& arguments) {
  return function + tuple(arguments) + "R";
}
inline std::string storage(const std::string& key, int32_t elements, const std::string& type = "FloatStorage") {
  return tuple({text("storage"), global("torch", type), text(key), text("cpu"), integer(elements)}) + "Q";
}
inline std::string integers(const std::vector<int32_t>& values) {
  std::vector<std::string> items;
  for (const auto value : values) items.push_back(integer(value));
  return tuple(items);
}
inline std::string tensor(const std::string& storage, int32_t offset, const std::vector<int32_t>& sizes,
                          const std::vector<int32_t>& strides) {
  return call(global("torch._utils", "_rebuild_tensor_v2"),
              {storage, integer(offset), integers(sizes), integers(strides), "\x89",
               call(global("collections", "OrderedDict"), {})});
}

}  // namespace epalm::io::pickle
