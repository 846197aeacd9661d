#pragma once

#include <filesystem>
#include <memory>

#include "epalm/io/pickle_value.h"
#include "epalm/io/tensor_file.h"

namespace epalm::io {

// What torch.save stored, in the zip form (torch >= 1.6) or the legacy one. Nothing in the file is executed: only plain
// data and tensors of the dtypes in torch_dtypes.h are known, anything else throws Error. Tensors are on the CPU; those
// of a zip file share its pages (see TensorFile::read).
Value read_torch(const std::filesystem::path& path);

// Writes the zip form for torch.load (weights_only knows floats and bytes only in newer PyTorch than 1.13). Tensors
// that share a storage share it in the file, whole, as torch.save does it; those of another device are copied. Atomic;
// throws Error.
void write_torch(const std::filesystem::path& path, const Value& value);

// The state dict in a torch file: the outermost dict if tensors stand in it, else the first of its entries `model`,
// `state_dict`, `model_state`, `module` that is such a dict. Entries that are no tensors are left out.
std::unique_ptr<TensorFile> open_torch(const std::filesystem::path& path);

}  // namespace epalm::io
