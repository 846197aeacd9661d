#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace epalm::io {

struct TensorInfo {
  at::ScalarType dtype;
  std::vector<int64_t> shape;
};

// The named tensors of one weight file or folder. Immutable: several threads may read at once.
class TensorFile {
 public:
  virtual ~TensorFile() = default;

  virtual std::vector<std::string> names() const = 0;  // in file order
  virtual bool contains(const std::string& name) const = 0;
  // Both throw Error for an unknown name, with the nearest known one.
  virtual TensorInfo info(const std::string& name) const = 0;
  // On the CPU, contiguous unless the file says otherwise. Where the file allows it shares the pages of the file
  // (a private mapping that lives as long as the tensor: writing to it changes neither the file nor other readers'
  // processes), else it is a copy. Clone before writing to it: a second read() may share the same memory.
  virtual at::Tensor read(const std::string& name) const = 0;

  virtual const std::filesystem::path& path() const = 0;
  virtual std::map<std::string, std::string> metadata() const { return {}; }  // safetensors `__metadata__`
  // Every file that decides what is read; path(), and, where that is an index, its shards.
  virtual std::vector<std::filesystem::path> files() const { return {path()}; }

 protected:
  [[noreturn]] void fail_missing(const std::string& name) const;
};

// Opens a file by its content, not its extension: safetensors, torch zip, torch legacy, npz, an index of shards
// (`*.index.json`), or a folder that holds model.safetensors, model.safetensors.index.json, pytorch_model.bin or
// pytorch_model.bin.index.json (the first that exists). Throws Error for anything else.
std::unique_ptr<TensorFile> open_tensor_file(const std::filesystem::path& path);

}  // namespace epalm::io
