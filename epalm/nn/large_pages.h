#pragma once

#include <ATen/ATen.h>

namespace epalm::nn {

// An uninitialised tensor on the CPU for numbers that are read again and again. Where it holds 2 MiB or more, the
// system is asked for pages of that size: with pages of 4 KiB the processor spends a fifth of its time on finding them
// while it reads a large matrix once. A system that has none gives the usual ones.
at::Tensor empty_in_large_pages(at::IntArrayRef shape, at::ScalarType type);

// The same numbers as `type`, contiguous: the tensor itself where it is that already.
at::Tensor in_large_pages(const at::Tensor& tensor, at::ScalarType type);

}  // namespace epalm::nn
