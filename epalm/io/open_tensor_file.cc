#include "epalm/io/safetensors.h"

namespace epalm::io {

std::unique_ptr<TensorFile> open_tensor_file(const std::filesystem::path& path) {
  return open_safetensors(path);
}

}  // namespace epalm::io
