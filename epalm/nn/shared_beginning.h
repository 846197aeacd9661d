#pragma once

#include <ATen/ATen.h>

namespace epalm::nn {

// Sequences that all begin with the same rows, which are computed once: [1,N+B·T,D] holds those N rows and behind them
// the T others of each sequence, in place of [B,N+T,D]. Whatever works row by row works on it as it is.
struct SharedBeginning {
  int64_t rows = 0;  // N
  int64_t sequences = 1;

  // x [B,N+T,D], whose first N rows are the same in every sequence -> [1,N+B·T,D].
  at::Tensor shared(const at::Tensor& x) const;
  // And back.
  at::Tensor repeated(const at::Tensor& x) const;
};

// attention() (nn/attention.h) for q, k and v [1,N+B·T,H·d] -> [1,N+B·T,H·d]. mask [B,1,N+T,N+T]: the beginning sees
// nothing behind itself, and the first N rows are the same for every sequence.
at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t heads,
                     const at::Tensor& mask, double scale, const SharedBeginning& beginning);
// The same from two calls of attention(), for what the beginning repeats in every sequence: the plain twin.
at::Tensor attention_repeating(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t heads,
                               const at::Tensor& mask, double scale, const SharedBeginning& beginning);

}  // namespace epalm::nn
