#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "epalm/io/tensor_file.h"
#include "epalm/nn/matrix_rows.h"
#include "epalm/nn/quantized_matrix.h"

namespace epalm::nn {

// How a tensor starts when a model is trained from scratch.
enum class Init { kNormal, kZeros, kOnes };

// One row of an architecture's weight table: the published name, the shape, the start value.
struct WeightSpec {
  std::string name;
  std::vector<int64_t> shape;
  Init init = Init::kNormal;
  // Of a matrix that is only ever multiplied with, or read row by row (MatrixRows): how few bits its numbers may have.
  // 0: it is not quantized.
  int fewest_bits = 0;
};

enum class Precision { kFloat32, kBFloat16, kInt8, kInt4 };

// How the tensors of a table are kept in a precision: bits of a number where it is quantized, 0 where it is not; and
// then its type.
int bits_of(const WeightSpec& spec, Precision precision);
at::ScalarType type_of(const WeightSpec& spec, Precision precision);

// The tensors of one model by published name, in table order. Layers hold handles of the same tensors, so requires_grad
// and values are shared with them.
class Weights {
 public:
  void add(const std::string& name, at::Tensor tensor);
  // Keeps the matrix in 8 or 4 bits a number. In its place at() and items() have a tensor of its shape without data, of
  // the device meta.
  void add_quantized(const std::string& name, const at::Tensor& matrix, int bits);
  // The same of its parts; samples: as samples() gave them.
  void add_quantized(const std::string& name, QuantizedMatrix matrix, at::Tensor samples);
  const at::Tensor& at(const std::string& name) const;  // throws std::logic_error where the table lacks the name
  const QuantizedMatrix* quantized(const std::string& name) const;  // nullptr where the tensor is none
  MatrixRows rows(const std::string& name) const;                   // of a matrix, quantized or not
  static constexpr int64_t kMostSamples = 256;
  // Up to so many numbers of a tensor at places that its size determines, rounded to bfloat16; of a quantized one as
  // they were before.
  at::Tensor samples(const std::string& name) const;
  std::vector<at::Tensor> in_scope(const std::string& scope) const;  // whose names begin so
  int64_t bytes() const;                                             // in memory
  bool contains(const std::string& name) const { return index_.contains(name); }
  const std::vector<std::pair<std::string, at::Tensor>>& items() const { return items_; }
  int64_t count() const;  // numbers, not tensors

 private:
  struct Quantized {
    QuantizedMatrix matrix;
    at::Tensor samples;
  };

  std::vector<std::pair<std::string, at::Tensor>> items_;
  std::map<std::string, size_t> index_;
  std::map<std::string, Quantized> quantized_;
};

struct LoadOptions {
  // Matrices (2-D and more) in this precision; vectors are always float32, and with kInt8 and kInt4 what is not
  // to be quantized is bfloat16. A file that already holds the type is not copied.
  Precision precision = Precision::kFloat32;
  // File names of a table name, tried in order; empty: the table name itself.
  std::function<std::vector<std::string>(const std::string&)> file_names = {};
  // Tensors of the file that the model leaves unused on purpose.
  std::function<bool(const std::string&)> may_be_unused = {};
};

// Reads every tensor of the table. Of a mapped file no more than one tensor counts as memory at a time, but for those
// that it holds in the precision asked for, whose pages are shared. Throws Error naming all missing, mis-shaped and
// unused tensors (at most ten of each).
Weights load_weights(const std::vector<WeightSpec>& table, const io::TensorFile& file, const LoadOptions& options = {});

// What the table's tensors take in memory.
int64_t bytes_of(const std::vector<WeightSpec>& table, Precision precision);

// N(0, std) for kNormal, drawn in table order from a generator seeded with `seed`.
Weights random_weights(const std::vector<WeightSpec>& table, uint64_t seed, double std,
                       Precision precision = Precision::kFloat32);

// The tensors of the table in another precision than that of `weights`, of which those that stay as they are are
// shared.
Weights in_precision(const Weights& weights, const std::vector<WeightSpec>& table, Precision precision);

}  // namespace epalm::nn
