#pragma once

#include <filesystem>
#include <memory>

#include "epalm/io/tensor_file.h"

namespace epalm::io {

// NumPy arrays in a zip, as np.savez and np.savez_compressed write them: headers 1-3, C or Fortran order, little-endian
// numbers and bools. Array names lose `.npy`. Headers are read when an array is asked for. Throws Error.
std::unique_ptr<TensorFile> open_npz(const std::filesystem::path& path);

}  // namespace epalm::io
