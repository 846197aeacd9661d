#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "epalm/io/tensor_file.h"

namespace epalm::io {

// The format: 8 bytes little-endian header length, JSON header {name: {dtype, shape, data_offsets}}, raw data without
// gaps. Every number is checked here, before any tensor is read. Throws Error.
std::unique_ptr<TensorFile> open_safetensors(const std::filesystem::path& path);

// Writes the tensors in the given order, from any device and with any strides. Atomic: a failed write (disk full)
// leaves the old file as it was. Throws Error for a repeated name or a dtype the format lacks.
void write_safetensors(const std::filesystem::path& path,
                       const std::vector<std::pair<std::string, at::Tensor>>& tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace epalm::io
