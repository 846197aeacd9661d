#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "epalm/nn/weights.h"

namespace epalm::encoders {

using Tensors = std::vector<std::pair<std::string, at::Tensor>>;

inline Tensors with(Tensors tensors, const std::string& name, const at::Tensor& replacement) {
  for (auto& [known, tensor] : tensors) {
    if (known == name) tensor = replacement;
  }
  return tensors;
}

// Drops every tensor with that text in its name.
inline Tensors without(Tensors tensors, const std::string& text) {
  std::erase_if(tensors, [&](const auto& item) { return item.first.find(text) != std::string::npos; });
  return tensors;
}

// Puts `new_prefix` in the place of `prefix`, which every name has.
inline Tensors renamed(Tensors tensors, const std::string& prefix, const std::string& new_prefix) {
  for (auto& [name, tensor] : tensors) name = new_prefix + name.substr(prefix.size());
  return tensors;
}

inline int64_t numbers(const std::vector<nn::WeightSpec>& table) {
  int64_t total = 0;
  for (const auto& spec : table) {
    int64_t size = 1;
    for (const int64_t extent : spec.shape) size *= extent;
    total += size;
  }
  return total;
}

}  // namespace epalm::encoders
