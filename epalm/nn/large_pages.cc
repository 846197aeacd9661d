#include "epalm/nn/large_pages.h"

#include <sys/mman.h>

#include "epalm/base/error.h"
#include "epalm/io/mapped_tensor.h"

namespace epalm::nn {
namespace {

constexpr size_t kLargePage = 2 << 20;

size_t whole_pages(size_t bytes) {
  return bytes / kLargePage * kLargePage;
}

// Memory that begins at a large page; null where there is none left.
void* map_aligned(size_t bytes) {
  void* memory = mmap(nullptr, bytes + kLargePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  auto* begin = static_cast<std::byte*>(memory);
  const size_t before = (kLargePage - reinterpret_cast<uintptr_t>(begin) % kLargePage) % kLargePage;
  constexpr size_t kPage = 4096;
  const size_t end = (before + bytes + kPage - 1) / kPage * kPage;
  if (before > 0) munmap(begin, before);
  if (end < bytes + kLargePage) munmap(begin + end, bytes + kLargePage - end);
  return begin + before;
}

}  // namespace

at::Tensor empty_in_large_pages(at::IntArrayRef shape, at::ScalarType type) {
  const auto size = io::byte_size(shape.vec(), type);
  EPALM_ASSERT(size);
  const size_t bytes = *size;
  void* memory = bytes >= kLargePage ? map_aligned(bytes) : nullptr;
  if (memory == nullptr) return at::empty(shape, type);
#ifdef MADV_HUGEPAGE
  madvise(memory, whole_pages(bytes), MADV_HUGEPAGE);  // of the rest a part would lie idle
#endif
  return at::from_blob(
      memory, shape, [bytes](void* begin) { munmap(begin, bytes); }, at::dtype(type));
}

at::Tensor in_large_pages(const at::Tensor& tensor, at::ScalarType type) {
  if (tensor.scalar_type() == type) return tensor.contiguous();
  return empty_in_large_pages(tensor.sizes(), type).copy_(tensor);
}

}  // namespace epalm::nn
