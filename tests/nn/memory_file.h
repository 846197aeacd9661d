#pragma once

#include <algorithm>

#include "epalm/io/tensor_file.h"

namespace epalm::nn {

// A weight file that lives in memory.
class MemoryFile : public io::TensorFile {
 public:
  explicit MemoryFile(std::vector<std::pair<std::string, at::Tensor>> tensors) : tensors_(std::move(tensors)) {}

  std::vector<std::string> names() const override {
    std::vector<std::string> names;
    for (const auto& [name, tensor] : tensors_) names.push_back(name);
    return names;
  }
  bool contains(const std::string& name) const override { return find(name) != tensors_.end(); }
  io::TensorInfo info(const std::string& name) const override {
    return {read(name).scalar_type(), read(name).sizes().vec()};
  }
  at::Tensor read(const std::string& name) const override {
    if (!contains(name)) fail_missing(name);
    return find(name)->second;
  }
  const std::filesystem::path& path() const override { return path_; }

 private:
  std::vector<std::pair<std::string, at::Tensor>>::const_iterator find(const std::string& name) const {
    return std::find_if(tensors_.begin(), tensors_.end(), [&](const auto& item) { return item.first == name; });
  }

  std::vector<std::pair<std::string, at::Tensor>> tensors_;
  std::filesystem::path path_ = "memory.safetensors";
};

}  // namespace epalm::nn
