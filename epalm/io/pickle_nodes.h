#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace epalm::io {

using NodeId = uint32_t;

// What stands in place of a class or function: the only globals a torch file may name.
enum class Callable {
  kOrderedDict,
  kRebuildTensor,
  kRebuildTensorV2,
  kRebuildParameter,
  kStorage,  // with a dtype; never called, only part of a storage's name
  kSize,
  kDevice,
  kEncode,  // how protocol 2 spells bytes
  kNumpyDtype,
  kNumpyScalar,
};

// One object of a pickle. Objects refer to each other by number, so that cycles and deep nesting cost nothing until the
// tree is built.
struct Node {
  enum class Kind {
    kNone,
    kBool,
    kInt,
    kDouble,
    kString,
    kBytes,
    kList,
    kTuple,
    kDict,
    kStorage,
    kTensor,
    kGlobal,
    kNumpyDtype
  };
  Kind kind = Kind::kNone;
  int64_t number = 0;              // bool, int; elements of a storage; offset of a tensor
  double real = 0;                 // double
  std::string_view text = {};      // string, bytes; key of a storage; name of a NumPy dtype
  std::vector<NodeId> items = {};  // list, tuple; key, value, key, … of a dict; storage, sizes, strides of a tensor
  Callable callable{};             // global
  at::ScalarType dtype{};          // storage, global storage type
};

// Globals that stand for plain values (`torch float32`) come as strings. nullopt for an unknown one.
std::optional<Node> node_of_global(std::string_view module, std::string_view name);

}  // namespace epalm::io
