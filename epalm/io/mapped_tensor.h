#pragma once

#include <ATen/ATen.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "epalm/base/mapped_file.h"

namespace epalm::io {

inline constexpr size_t kMostDimensions = 64;

// The number of bytes of a contiguous tensor; nullopt when there are more than kMostDimensions, when a size is
// negative, or when the product of the sizes that are not 0 exceeds an int64.
std::optional<uint64_t> byte_size(const std::vector<int64_t>& shape, at::ScalarType dtype);

// A one-dimensional tensor over little-endian `bytes` of `file`, whose length must be a multiple of the item size. It
// shares the mapping and keeps it alive; it is a copy when the data are badly aligned or bool (any non-zero byte is
// true).
at::Tensor tensor_from_mapping(const std::shared_ptr<const MappedFile>& file, std::span<const std::byte> bytes,
                               at::ScalarType dtype);

// Whether the tensor's memory is that of a file, as tensor_from_mapping() makes it.
bool shares_file(const at::Tensor& tensor);

// For a tensor that has been read and will not be again, or seldom: the pages of the file that lie within it stop
// counting as this process's memory, and come from the file again when they are touched. What was written to them is
// lost. Does nothing to a tensor that shares no file.
void give_back_pages(const at::Tensor& tensor);

// A copy of bytes that will not stay.
at::Tensor tensor_from_bytes(std::span<const std::byte> bytes, at::ScalarType dtype);

}  // namespace epalm::io
