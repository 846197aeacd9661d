#include "epalm/nn/attention.h"

#include "epalm/base/shapes.h"
#include "epalm/nn/attention_blocks.h"
#include "epalm/nn/dropout.h"
#include "epalm/nn/short_attention.h"

namespace epalm::nn {

at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t heads,
                     const at::Tensor& mask, double scale, double dropout) {
  const int64_t width = q.size(-1);
  EPALM_ASSERT(width % heads == 0);
  check_shape(k, {q.size(0), kAny, width}, "attention keys");
  check_shape(v, {q.size(0), k.size(1), width}, "attention values");
  if (dropout == 0) {
    if (const auto result = short_attention(q, k, v, heads, mask, scale)) return *result;
  }
  const at::Tensor scaled = scale == 1 ? q : q * scale;
  if (dropout == 0) {
    if (const auto result = attention_in_blocks(scaled, k, v, heads, mask)) return *result;
  }
  return attention_plain(scaled, k, v, heads, mask, dropout);
}

at::Tensor attention_plain(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t heads,
                           const at::Tensor& mask, double dropout) {
  const int64_t head_width = q.size(-1) / heads;
  const auto split = [&](const at::Tensor& x) {
    return x.view({x.size(0), x.size(1), heads, head_width}).transpose(1, 2);  // [B,H,T,d]
  };
  at::Tensor scores = at::matmul(split(q), split(k).transpose(2, 3));  // [B,H,Tq,Tk]
  if (mask.defined()) scores = scores + mask;
  at::Tensor weights = at::softmax(scores, -1);
  weights = nn::dropout(weights, dropout);
  return at::matmul(weights, split(v)).transpose(1, 2).reshape(q.sizes());  // [B,Tq,H·d]
}

}  // namespace epalm::nn
