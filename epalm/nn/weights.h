#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "epalm/io/tensor_file.h"

namespace epalm::nn {

// How a tensor starts when a model is trained from scratch.
enum class Init { kNormal, kZeros, kOnes };

// One row of an architecture's weight table: the published name, the shape, the start value.
struct WeightSpec {
  std::string name;
  std::vector<int64_t> shape;
  Init init = Init::kNormal;
};

// The tensors of one model by published name, in table order. Layers hold handles of the same tensors, so requires_grad
// and values are shared with them.
class Weights {
 public:
  void add(const std::string& name, at::Tensor tensor);
  const at::Tensor& at(const std::string& name) const;  // throws std::logic_error where the table lacks the name
  bool contains(const std::string& name) const { return index_.contains(name); }
  const std::vector<std::pair<std::string, at::Tensor>>& items() const { return items_; }
  int64_t count() const;  // numbers, not tensors

 private:
  std::vector<std::pair<std::string, at::Tensor>> items_;
  std::map<std::string, size_t> index_;
};

enum class Precision { kFloat32, kBFloat16 };

struct LoadOptions {
  // Matrices (2-D and more) in this precision; vectors are always float32. A file that already holds the type is not
  // copied.
  Precision precision = Precision::kFloat32;
  // File names of a table name, tried in order; empty: the table name itself.
  std::function<std::vector<std::string>(const std::string&)> file_names;
  // Tensors of the file that the model leaves unused on purpose.
  std::function<bool(const std::string&)> may_be_unused;
};

// Reads every tensor of the table. Throws Error naming all missing, mis-shaped and unused tensors (at most ten of
// each).
Weights load_weights(const std::vector<WeightSpec>& table, const io::TensorFile& file, const LoadOptions& options = {});

// N(0, std) for kNormal, drawn in table order from a generator seeded with `seed`.
Weights random_weights(const std::vector<WeightSpec>& table, uint64_t seed, double std,
                       Precision precision = Precision::kFloat32);

}  // namespace epalm::nn
