#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "epalm/io/pickle_value.h"

namespace epalm::io {

// The elements of the storage `key`, at least `size` of them, as a one-dimensional tensor of this type.
using StorageSource = std::function<at::Tensor(const std::string& key, at::ScalarType dtype, int64_t size)>;

// One pickle as torch writes it (protocols 1-5), parsed into plain data; nothing in it is ever executed. The few
// globals that torch needs are known by name; every other one is refused, as are cycles, more than kMostObjects
// objects, nesting deeper than kDeepest, and tensors that reach outside their storage.
class PickleReader {
 public:
  static constexpr size_t kMostObjects = 4'000'000;
  static constexpr int kDeepest = 100;

  // Parses the pickle at the start of `bytes`, which must outlive the object; `where` names the source in errors.
  PickleReader(std::span<const std::byte> bytes, const std::string& where);
  ~PickleReader();

  size_t size() const;                                          // bytes of the pickle, up to and including its end mark
  std::map<std::string, at::ScalarType> storage_types() const;  // of all storages that the pickle names
  // Asks once for each storage, in the order of first use; without a source, tensors are refused.
  Value build(const StorageSource& storages = nullptr) const;

 private:
  class Machine;
  std::unique_ptr<Machine> machine_;
};

}  // namespace epalm::io
