#include "epalm/nn/attention_bfloat16.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "epalm/base/error.h"
#include "epalm/nn/attention_blocks.h"
#include "epalm/nn/attention_tiles.h"
#include "epalm/nn/product.h"
#include "epalm/nn/softmax_bfloat16.h"

namespace epalm::nn {

at::Tensor attention_bfloat16(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t heads,
                              double scale) {
  EPALM_ASSERT(!q.requires_grad() && !k.requires_grad() && !v.requires_grad() && q.size(-1) % heads == 0);
  const int64_t queries = q.size(1), head_width = q.size(2) / heads;
  const int64_t rows = queries_of_a_block(queries, k.size(1));
  const at::Tensor query = q.to(at::kBFloat16), key = k.to(at::kBFloat16), value = v.to(at::kBFloat16);
  const auto in_rows = [](const at::Tensor& x) { return x.stride(2) == 1; };
  if (suits_attention_tiles(k.size(1), head_width) && in_rows(query) && in_rows(key) && in_rows(value)) {
    return attention_tiles(query, key, value, heads, scale);
  }
  at::Tensor out = at::empty(q.sizes(), at::kFloat);
  at::parallel_for(0, q.size(0) * heads, 1, [&](int64_t begin, int64_t end) {
    const at::AutoDispatchBelowADInplaceOrView no_autograd;
    for (int64_t i = begin; i < end; ++i) {
      const auto head = [&](const at::Tensor& x) {
        return x.select(0, i / heads).narrow(1, i % heads * head_width, head_width);  // [T,d]
      };
      const at::Tensor keys = head(key).t(), values = head(value);
      for (int64_t row = 0; row < queries; row += rows) {
        const int64_t count = std::min(rows, queries - row);
        const at::Tensor scores = product(head(query).narrow(0, row, count), keys);
        const at::Tensor weights = softmax_bfloat16(scores, static_cast<float>(scale));
        head(out).narrow(0, row, count).copy_(product(weights, values));
      }
    }
  });
  return out;
}

}  // namespace epalm::nn
