#include "epalm/io/mapped_tensor.h"

#include <algorithm>
#include <cstring>

#include "epalm/base/error.h"

namespace epalm::io {

std::optional<uint64_t> byte_size(const std::vector<int64_t>& shape, at::ScalarType dtype) {
  if (shape.size() > kMostDimensions) return std::nullopt;
  int64_t bytes = static_cast<int64_t>(c10::elementSize(dtype));
  bool is_empty = false;
  for (const int64_t size : shape) {
    is_empty |= size == 0;
    if (size < 0 || __builtin_mul_overflow(bytes, std::max<int64_t>(size, 1), &bytes)) return std::nullopt;
  }
  return is_empty ? 0 : static_cast<uint64_t>(bytes);
}

at::Tensor tensor_from_bytes(std::span<const std::byte> bytes, at::ScalarType dtype) {
  const size_t item = c10::elementSize(dtype);
  EPALM_ASSERT(bytes.size() % item == 0);
  const bool is_bool = dtype == at::kBool;
  at::Tensor tensor = at::empty({static_cast<int64_t>(bytes.size() / item)}, is_bool ? at::kByte : dtype);
  if (!bytes.empty()) std::memcpy(tensor.data_ptr(), bytes.data(), bytes.size());
  return is_bool ? tensor.ne(0) : tensor;
}

at::Tensor tensor_from_mapping(const std::shared_ptr<const MappedFile>& file, std::span<const std::byte> bytes,
                               at::ScalarType dtype) {
  const size_t item = c10::elementSize(dtype);
  EPALM_ASSERT(bytes.size() % item == 0);
  const bool is_aligned = reinterpret_cast<uintptr_t>(bytes.data()) % item == 0;
  if (bytes.empty() || !is_aligned || dtype == at::kBool) return tensor_from_bytes(bytes, dtype);
  // The mapping is private and writable, so dropping const is sound.
  return at::from_blob(
      const_cast<std::byte*>(bytes.data()), {static_cast<int64_t>(bytes.size() / item)}, [file](void*) {},
      at::TensorOptions(dtype));
}

}  // namespace epalm::io
