#include "epalm/nn/shared_beginning.h"

#include "epalm/base/shapes.h"
#include "epalm/nn/attention.h"
#include "epalm/nn/short_attention.h"

namespace epalm::nn {
namespace {

at::Tensor beginning_of(const at::Tensor& x, const SharedBeginning& beginning) {
  return x.slice(1, 0, beginning.rows);  // [1,N,D]
}

at::Tensor others_of(const at::Tensor& x, const SharedBeginning& beginning) {
  return x.slice(1, beginning.rows).view({beginning.sequences, -1, x.size(2)});  // [B,T,D]
}

at::Tensor joined(const at::Tensor& beginning, const at::Tensor& others) {
  return at::cat({beginning, others.reshape({1, -1, others.size(2)})}, 1);  // [1,N+B·T,D]
}

}  // namespace

at::Tensor SharedBeginning::shared(const at::Tensor& x) const {
  check_shape(x, {sequences, kAny, kAny}, "sequences of one beginning");
  return joined(x.slice(0, 0, 1).slice(1, 0, rows), x.slice(1, rows));
}

at::Tensor SharedBeginning::repeated(const at::Tensor& x) const {
  const at::Tensor beginning = beginning_of(x, *this).expand({sequences, rows, x.size(2)});
  return at::cat({beginning, others_of(x, *this)}, 1);
}

at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t heads,
                     const at::Tensor& mask, double scale, const SharedBeginning& beginning) {
  if (const auto result = short_attention(q, k, v, heads, mask, scale, beginning)) return *result;
  return attention_repeating(q, k, v, heads, mask, scale, beginning);
}

at::Tensor attention_repeating(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t heads,
                               const at::Tensor& mask, double scale, const SharedBeginning& beginning) {
  const int64_t rows = beginning.rows;
  const at::Tensor first = attention(beginning_of(q, beginning), beginning_of(k, beginning), beginning_of(v, beginning),
                                     heads, mask.slice(0, 0, 1).slice(2, 0, rows).slice(3, 0, rows), scale);
  const at::Tensor others = attention(others_of(q, beginning), beginning.repeated(k), beginning.repeated(v), heads,
                                      mask.slice(2, rows), scale);
  return joined(first, others);
}

}  // namespace epalm::nn
