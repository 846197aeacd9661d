#include "epalm/io/mapped_tensor.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "epalm/base/error.h"

namespace epalm::io {
namespace {

// Of the storages that share a file, which are told by it.
void let_go(void* file) {
  delete static_cast<std::shared_ptr<const MappedFile>*>(file);
}

}  // namespace

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
  at::DataPtr data(const_cast<std::byte*>(bytes.data()), new std::shared_ptr<const MappedFile>(file), &let_go,
                   at::kCPU);
  const c10::Storage storage(c10::Storage::use_byte_size_t(), bytes.size(), std::move(data));
  return at::empty({0}, dtype).set_(storage, 0, {static_cast<int64_t>(bytes.size() / item)});
}

bool shares_file(const at::Tensor& tensor) {
  return tensor.storage().data_ptr().get_deleter() == &let_go;
}

void give_back_pages(const at::Tensor& tensor) {
  if (!shares_file(tensor) || !tensor.is_contiguous()) return;
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<uintptr_t>(tensor.data_ptr()), end = begin + tensor.nbytes();
  const uintptr_t first = (begin + page - 1) / page * page, last = end / page * page;
  if (first < last) madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
}

}  // namespace epalm::io
