#pragma once

#include <ATen/ATen.h>

#include <map>
#include <string>

#include "epalm/io/tensor_file.h"
#include "tests/golden/golden.h"

namespace epalm::golden {

inline std::map<std::string, at::Tensor> read_all(const std::filesystem::path& path) {
  const auto file = io::open_tensor_file(path);
  std::map<std::string, at::Tensor> tensors;
  for (const auto& name : file->names()) tensors[name] = file->read(name);
  return tensors;
}

// Largest absolute difference; infinity where the shapes differ or a NaN stands.
inline double max_difference(const at::Tensor& got, const at::Tensor& expected) {
  if (got.sizes() != expected.sizes()) {
    ADD_FAILURE() << "expected shape " << expected.sizes() << ", got " << got.sizes();
    return std::numeric_limits<double>::infinity();
  }
  const double difference = (got.to(at::kDouble) - expected.to(at::kDouble)).abs().max().item<double>();
  return std::isnan(difference) ? std::numeric_limits<double>::infinity() : difference;
}

inline void expect_close(const at::Tensor& got, const at::Tensor& expected, double tolerance, const std::string& what) {
  EXPECT_LE(max_difference(got, expected), tolerance) << what;
}

}  // namespace epalm::golden
